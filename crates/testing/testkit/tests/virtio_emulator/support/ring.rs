//! The driver's side of a split virtqueue (§2.7). A test can make it perform actions that no driver should.

use samara_testkit::virtio_emulator::VirtioEmulator;

use super::Dma;

pub(crate) const NEXT: u16 = 1;
pub(crate) const WRITE: u16 = 2;

/// Offsets of the available ring and of the used ring in the queue's memory. The descriptors are at 0.
const DRIVER: usize = 0x1000;
const DEVICE: usize = 0x2000;

pub(crate) struct Ring {
    memory: Dma,
    size: u16,
    /// The next descriptor that is in no chain yet.
    fresh: u16,
    available: u16,
    seen: u16,
}

impl Ring {
    /// Makes a ring of `size` entries, 256 at most.
    pub(crate) fn new(model: &VirtioEmulator, size: u16) -> Self {
        assert!(size <= 256);
        Self {
            memory: Dma::new(model, 0x3000),
            size,
            fresh: 0,
            available: 0,
            seen: 0,
        }
    }

    pub(crate) fn size(&self) -> u16 {
        self.size
    }

    /// Returns the bus addresses of the descriptors, the available ring and the used ring.
    pub(crate) fn parts(&self) -> [u64; 3] {
        [0, DRIVER, DEVICE].map(|at| self.memory.bus(at))
    }

    pub(crate) fn descriptor(&self, index: u16, (bus, length): (u64, u32), flags: u16, next: u16) {
        let mut bytes = bus.to_le_bytes().to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        bytes.extend(next.to_le_bytes());
        self.memory.write(16 * usize::from(index), &bytes);
    }

    /// Fills fresh descriptors with a chain, readable elements first. Returns the chain's head.
    pub(crate) fn chain(&mut self, readable: &[(u64, u32)], writable: &[(u64, u32)]) -> u16 {
        let head = self.fresh;
        let elements = readable.iter().map(|&span| (span, 0));
        let elements = elements.chain(writable.iter().map(|&span| (span, WRITE)));
        let last = readable.len() + writable.len() - 1;
        for (i, (span, flags)) in elements.enumerate() {
            let next = self.fresh + 1;
            let flags = if i < last { flags | NEXT } else { flags };
            self.descriptor(self.fresh, span, flags, next);
            self.fresh = next;
        }
        assert!(
            self.fresh <= self.size,
            "the test uses more descriptors than the ring has"
        );
        head
    }

    /// Lets all descriptors be used again. The device must have no chain.
    pub(crate) fn recycle(&mut self) {
        self.fresh = 0;
    }

    /// Makes the chain with this head available.
    pub(crate) fn offer(&mut self, head: u16) {
        let slot = usize::from(self.available % self.size);
        self.memory
            .write(DRIVER + 4 + 2 * slot, &head.to_le_bytes());
        self.set_available(self.available.wrapping_add(1));
    }

    pub(crate) fn set_available(&mut self, index: u16) {
        self.available = index;
        self.memory.write(DRIVER + 2, &index.to_le_bytes());
    }

    /// Sets the available ring's flags.
    pub(crate) fn set_flags(&self, flags: u16) {
        self.memory.write(DRIVER, &flags.to_le_bytes());
    }

    pub(crate) fn used_index(&self) -> u16 {
        self.memory.u16(DEVICE + 2)
    }

    /// Takes the next used entry: id and length.
    pub(crate) fn used(&mut self) -> Option<(u32, u32)> {
        if self.used_index() == self.seen {
            return None;
        }
        let at = DEVICE + 4 + 8 * usize::from(self.seen % self.size);
        self.seen = self.seen.wrapping_add(1);
        Some((self.memory.u32(at), self.memory.u32(at + 4)))
    }
}
