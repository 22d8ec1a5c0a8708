//! The memory that the device reaches: what was translated for it, and nothing else.

use core::ptr;
use std::vec::Vec;

/// What bus addresses differ by from memory addresses, so that a driver which mixes them up is caught.
const OFFSET: u64 = 1 << 56;

#[derive(Default)]
pub(crate) struct Memory {
    /// Bus ranges, start and length.
    granted: Vec<(u64, u64)>,
}

/// An access outside what was granted.
#[derive(Debug)]
pub(crate) struct Stray;

impl Memory {
    pub(crate) fn grant(&mut self, start: *const u8, length: usize) -> Option<u64> {
        let bus = (start.expose_provenance() as u64).checked_add(OFFSET)?;
        let range = (bus, length as u64);
        if !self.granted.contains(&range) {
            self.granted.push(range);
        }
        Some(bus)
    }

    fn check(&self, bus: u64, length: usize) -> Result<usize, Stray> {
        let end = bus.checked_add(length as u64).ok_or(Stray)?;
        let inside = |&(start, length): &(u64, u64)| bus >= start && end <= start + length;
        if self.granted.iter().any(inside) {
            Ok((bus - OFFSET) as usize)
        } else {
            Err(Stray)
        }
    }

    /// Whether the device reaches all of the range.
    #[cfg(feature = "virtio-model")]
    pub(crate) fn reaches(&self, bus: u64, length: usize) -> bool {
        self.check(bus, length).is_ok()
    }

    pub(crate) fn read(&self, bus: u64, into: &mut [u8]) -> Result<(), Stray> {
        let from = ptr::with_exposed_provenance::<u8>(self.check(bus, into.len())?);
        // SAFETY: the range was translated for the device from live memory, and the driver under test
        // keeps what it has told the device about allocated; that is what the tests are to show.
        unsafe { ptr::copy(from, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    pub(crate) fn write(&self, bus: u64, from: &[u8]) -> Result<(), Stray> {
        let into = ptr::with_exposed_provenance_mut::<u8>(self.check(bus, from.len())?);
        // SAFETY: as for `read`; lent buffers, which the driver may not have written, have no command
        // that writes them: that, too, is what the tests are to show.
        unsafe { ptr::copy(from.as_ptr(), into, from.len()) };
        Ok(())
    }

    #[cfg(feature = "nvme-model")]
    pub(crate) fn read_u64(&self, bus: u64) -> Result<u64, Stray> {
        let mut bytes = [0; 8];
        self.read(bus, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
