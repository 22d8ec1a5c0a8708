//! The memory that a device can reach. It is the ranges that were translated for the device, and nothing else. If
//! there is an [`Oracle`], the oracle decides instead.

use core::ptr;
use std::vec::Vec;

/// The difference between bus addresses and memory addresses. It is not zero, so that the tests notice a driver that
/// confuses the two kinds of addresses.
pub const OFFSET: u64 = 1 << 56;

/// The kind of an access of a device to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The device reads.
    Read,
    /// The device writes.
    Write,
}

/// Decides about each access of one device. An oracle can know more than the translated ranges, for example which
/// owner holds an object now.
///
/// The methods are called on behalf of the host, with the model's lock held. So they must not call a model.
pub trait Oracle: Sync {
    /// Notes that `bytes` bytes at `start` were translated for the device.
    fn translated(&self, start: usize, bytes: usize);
    /// Whether the device may access these bytes now. If it may not, the access does not happen and counts as stray.
    fn allows(&self, start: usize, bytes: usize, access: Access) -> bool;
    /// Notes that the host is about to write the configuration space of the device, while the device is bus master. At
    /// this moment all memory that the device may reach must still be allocated.
    fn is_master(&self);
}

#[derive(Default)]
pub(crate) struct Memory {
    /// The bus ranges that were translated: start and length.
    granted: Vec<(u64, u64)>,
    oracle: Option<&'static dyn Oracle>,
}

/// An access outside the memory that the device can reach.
#[derive(Debug)]
pub(crate) struct Stray;

impl Memory {
    /// Lets `oracle` decide from now on which memory the device can reach.
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
            // An address below the offset is no bus address. The difference wraps around to an address at which there
            // is no memory.
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

    /// Whether the device can reach the whole range. If there is an oracle, the answer is always yes, because the
    /// oracle is asked only at the access itself.
    #[cfg(feature = "virtio-emulator")]
    pub(crate) fn reaches(&self, bus: u64, length: usize) -> bool {
        self.oracle.is_some() || self.check(bus, length, Access::Read).is_ok()
    }

    pub(crate) fn read(&self, bus: u64, into: &mut [u8]) -> Result<(), Stray> {
        let from = ptr::with_exposed_provenance::<u8>(self.check(bus, into.len(), Access::Read)?);
        // SAFETY: the range was translated for the device from live memory. The driver under test must keep memory
        // allocated as long as the device may reach it, and the tests are to show that it does. If there is an oracle,
        // it vouches for the range.
        unsafe { ptr::copy(from, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    pub(crate) fn write(&self, bus: u64, from: &[u8]) -> Result<(), Stray> {
        let into = self.check(bus, from.len(), Access::Write)?;
        let into = ptr::with_exposed_provenance_mut::<u8>(into);
        // SAFETY: as for `read`. In addition, the device must not write buffers that were only lent. So the driver
        // must give the device no command that writes such buffers, and the tests are to show this, too.
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
