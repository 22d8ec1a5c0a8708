//! Memory that the device reaches, or does not reach. It is never freed.

use samara_device_io::host::DmaTranslate;
use samara_testkit::virtio_emulator::VirtioEmulator;

/// Stands for the bus address of memory that was never translated. Translated memory is never at bus address 0.
const NOWHERE: u64 = 0;

const PAGE: usize = 4096;

/// A range of memory that begins at a page.
#[derive(Clone, Copy)]
pub(crate) struct Dma {
    at: *mut u8,
    length: usize,
    bus: u64,
}

impl Dma {
    /// Makes `length` bytes of zeroes that the device reaches.
    pub(crate) fn new(model: &VirtioEmulator, length: usize) -> Self {
        let mut memory = Self::unreachable(length);
        let bus = model.bus_address(memory.at, length);
        memory.bus = bus.expect("memory has a bus address");
        memory
    }

    /// Makes `length` bytes of zeroes that the device does not reach.
    pub(crate) fn unreachable(length: usize) -> Self {
        let bytes = vec![0u8; length + PAGE].leak();
        let skipped = bytes.as_ptr().align_offset(PAGE);
        let at = bytes[skipped..].as_mut_ptr();
        // The model makes a pointer from the address, so the memory's provenance must be exposed.
        let _ = at.expose_provenance();
        Self {
            at,
            length,
            bus: NOWHERE,
        }
    }

    /// Returns the bus address of the byte at `offset`.
    pub(crate) fn bus(&self, offset: usize) -> u64 {
        self.bus + offset as u64
    }

    pub(crate) fn read(&self, offset: usize, length: usize) -> Vec<u8> {
        assert!(offset + length <= self.length);
        let byte = |i| {
            // SAFETY: inside the memory, by the assertion.
            let at = unsafe { self.at.add(offset + i) };
            // SAFETY: the memory is leaked, and no reference to it is left.
            unsafe { at.read_volatile() }
        };
        (0..length).map(byte).collect()
    }

    pub(crate) fn write(&self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.length);
        for (i, &byte) in bytes.iter().enumerate() {
            // SAFETY: inside the memory, by the assertion.
            let at = unsafe { self.at.add(offset + i) };
            // SAFETY: the memory is leaked, and no reference to it is left.
            unsafe { at.write_volatile(byte) };
        }
    }

    pub(crate) fn u16(&self, offset: usize) -> u16 {
        let bytes = self.read(offset, 2);
        u16::from_le_bytes([bytes[0], bytes[1]])
    }

    pub(crate) fn u32(&self, offset: usize) -> u32 {
        u32::from(self.u16(offset + 2)) << 16 | u32::from(self.u16(offset))
    }
}
