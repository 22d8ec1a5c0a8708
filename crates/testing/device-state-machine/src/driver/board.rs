//! A driver's record of one device: the device's slot and, while the driver claims the device, the function.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use samara_device_io::table::Table;
use samara_device_io::{DeviceSlot, PciFunction};

use crate::bench::Place;
use crate::ledger::Holder;

/// A function, with its claim.
pub(crate) struct Claimed<D> {
    pub(crate) function: PciFunction<D>,
    pub(crate) holder: Holder,
}

pub(crate) struct Board<D: Table> {
    pub(crate) number: usize,
    pub(crate) slot: DeviceSlot<D>,
    held: RwLock<Option<Claimed<D>>>,
    /// The epoch in which the device was last brought up, if it was.
    up: AtomicU64,
}

/// Stands for no epoch.
const NEVER: u64 = u64::MAX;

impl<D: Table> Board<D> {
    pub(crate) fn new<M>(place: &Place<M, D>) -> Self {
        Self {
            number: place.number,
            slot: place.slot,
            held: RwLock::new(None),
            up: AtomicU64::new(NEVER),
        }
    }

    /// Records that the device is brought up.
    pub(crate) fn is_up(&self) {
        let epoch = self.epoch().unwrap_or(NEVER);
        self.up.store(epoch, Relaxed);
    }

    /// Whether the device is claimed and has to be brought up: it never was, or it was reset or silenced since then.
    pub(crate) fn is_down(&self) -> bool {
        self.epoch()
            .is_some_and(|epoch| epoch != self.up.load(Relaxed))
    }

    fn epoch(&self) -> Option<u64> {
        let look = self.look()?;
        look.as_ref().map(|claimed| claimed.function.epoch())
    }

    /// Locks the driver's place for the function to read it. Returns `None` if another thread is changing the place.
    pub(crate) fn look(&self) -> Option<RwLockReadGuard<'_, Option<Claimed<D>>>> {
        match self.held.try_read() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(poison)) => Some(poison.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Locks the driver's place for the function to change it. Returns `None` if another thread uses the place.
    pub(crate) fn change(&self) -> Option<RwLockWriteGuard<'_, Option<Claimed<D>>>> {
        match self.held.try_write() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(poison)) => Some(poison.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}
