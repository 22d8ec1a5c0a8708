//! Access to configuration space, and to the capabilities in it.

use samara_device_io::host::ConfigSpace;
use samara_testkit::virtio_emulator::{ADDRESS, VirtioEmulator};

/// A virtio structure capability (§4.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capability {
    pub(crate) place: u16,
    pub(crate) capability_length: u8,
    pub(crate) kind: u8,
    pub(crate) bar: u8,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    pub(crate) extra: u32,
}

#[derive(Clone, Copy)]
pub(crate) struct Config(pub(crate) &'static VirtioEmulator);

impl Config {
    pub(crate) fn read(self, offset: u16) -> u32 {
        ConfigSpace::read(self.0, ADDRESS, offset)
    }

    pub(crate) fn write(self, offset: u16, value: u32) {
        // SAFETY: nothing but the test drives the model, and memory that was translated for it stays
        // allocated for ever.
        unsafe { ConfigSpace::write(self.0, ADDRESS, offset, value) };
    }

    /// Sets memory space and bus mastering in the Command register.
    pub(crate) fn command(self, memory: bool, master: bool) {
        self.write(4, u32::from(memory) << 1 | u32::from(master) << 2);
    }

    /// Returns offset and ID of each capability in the list's order, 48 at most: a malformed list may have a loop.
    pub(crate) fn list(self) -> Vec<(u16, u8)> {
        let mut at = self.read(0x34) as u16 & 0xFC;
        let mut list = Vec::new();
        while at >= 0x40 && list.len() < 48 {
            let [id, next, ..] = self.read(at).to_le_bytes();
            list.push((at, id));
            at = u16::from(next & 0xFC);
        }
        list
    }

    /// Returns the offset of the first capability with this ID.
    pub(crate) fn find(self, id: u8) -> Option<u16> {
        let found = self.list().into_iter().find(|&(_, other)| other == id);
        found.map(|(at, _)| at)
    }

    pub(crate) fn structures(self) -> Vec<Capability> {
        let vendor = self.list().into_iter().filter(|&(_, id)| id == 9);
        let structure = |(at, _): (u16, u8)| {
            let [_, _, capability_length, kind] = self.read(at).to_le_bytes();
            Capability {
                place: at,
                capability_length,
                kind,
                bar: self.read(at + 4) as u8,
                offset: self.read(at + 8),
                length: self.read(at + 12),
                extra: self.read(at + 16),
            }
        };
        vendor.map(structure).collect()
    }

    /// Returns the first structure of this type whose BAR is not a reserved value.
    pub(crate) fn structure(self, kind: u8) -> Option<Capability> {
        let fits = |structure: &Capability| structure.kind == kind && structure.bar < 6;
        self.structures().into_iter().find(fits)
    }
}
