//! The memory that the device reaches: what was translated for it, and nothing else; or what an [`Oracle`] says.

use core::ptr;
use std::vec::Vec;

/// What bus addresses differ by from memory addresses, so that a driver which mixes them up is caught.
pub const OFFSET: u64 = 1 << 56;

/// What a device does with memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It reads.
    Read,
    /// It writes.
    Write,
}

/// Is asked at each access of one device. It knows more than what was ever translated: who holds what now.
///
/// Called with the model's lock held, as the host: it calls no model.
pub trait Oracle: Sync {
    /// So many bytes at an address were translated for the device.
    fn translated(&self, start: usize, bytes: usize);
    /// Whether the device may access them now. An access that it may not make is not made, and counts as a stray one.
    fn allows(&self, start: usize, bytes: usize, access: Access) -> bool;
    /// The host is about to write the configuration space of the device, which is bus master: all that the device may reach is
    /// there.
    fn is_master(&self);
}

#[derive(Default)]
pub(crate) struct Memory {
    /// Bus ranges, start and length.
    granted: Vec<(u64, u64)>,
    oracle: Option<&'static dyn Oracle>,
}

/// An access outside what was granted.
#[derive(Debug)]
pub(crate) struct Stray;

impl Memory {
    /// From now on the oracle says what the device reaches.
    pub(crate) fn watch(&mut self, oracle: &'static dyn Oracle) {
        self.granted.clear();
        self.oracle = Some(oracle);
    }

    pub(crate) fn grant(&mut self, start: *const u8, length: usize) -> Option<u64> {
        let bus = (start.expose_provenance() as u64).checked_add(OFFSET)?;
        if let Some(oracle) = self.oracle {
            oracle.translated(start.addr(), length);
            return Some(bus);
        }
        let range = (bus, length as u64);
        if !self.granted.contains(&range) {
            self.granted.push(range);
        }
        Some(bus)
    }

    /// See [`Oracle::is_master`].
    pub(crate) fn is_master(&self) {
        if let Some(oracle) = self.oracle {
            oracle.is_master();
        }
    }

    fn check(&self, bus: u64, length: usize, access: Access) -> Result<usize, Stray> {
        let end = bus.checked_add(length as u64).ok_or(Stray)?;
        if let Some(oracle) = self.oracle {
            // Below the offset it is no bus address: an address that wraps is in nobody's memory.
            let start = bus.wrapping_sub(OFFSET) as usize;
            return match oracle.allows(start, length, access) {
                true => Ok(start),
                false => Err(Stray),
            };
        }
        let inside = |&(start, length): &(u64, u64)| bus >= start && end <= start + length;
        if self.granted.iter().any(inside) {
            Ok((bus - OFFSET) as usize)
        } else {
            Err(Stray)
        }
    }

    /// Whether the device reaches all of the range. An oracle is asked when it does, not before.
    #[cfg(feature = "virtio-emulator")]
    pub(crate) fn reaches(&self, bus: u64, length: usize) -> bool {
        self.oracle.is_some() || self.check(bus, length, Access::Read).is_ok()
    }

    pub(crate) fn read(&self, bus: u64, into: &mut [u8]) -> Result<(), Stray> {
        let from = ptr::with_exposed_provenance::<u8>(self.check(bus, into.len(), Access::Read)?);
        // SAFETY: the range was translated for the device from live memory, and the driver under test
        // keeps what it has told the device about allocated; that is what the tests are to show. Or an oracle says so.
        unsafe { ptr::copy(from, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    pub(crate) fn write(&self, bus: u64, from: &[u8]) -> Result<(), Stray> {
        let into = self.check(bus, from.len(), Access::Write)?;
        let into = ptr::with_exposed_provenance_mut::<u8>(into);
        // SAFETY: as for `read`; lent buffers, which the driver may not have written, have no command
        // that writes them: that, too, is what the tests are to show.
        unsafe { ptr::copy(from.as_ptr(), into, from.len()) };
        Ok(())
    }

    #[cfg(feature = "nvme-emulator")]
    pub(crate) fn read_u64(&self, bus: u64) -> Result<u64, Stray> {
        let mut bytes = [0; 8];
        self.read(bus, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
