//! A place on the bus, whose function has one claim at a time.

use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use samara_shared_heap::NoCutMutex;

use super::config::{Config, PciId};
use super::reset::Restore;
use super::vectors::Vectors;
use crate::host::{Host, PciAddress, contained};
use crate::table::Table;
use crate::table::lint::lint;

/// A PCI function as the host keeps it: claimed for a domain, released when that domain dies, then claimed for its
/// successor. It lives in a host static, or is leaked once for each function found.
pub struct PciSlot {
    pub(super) host: Host,
    pub(super) address: PciAddress,
    claimed: AtomicBool,
    claims: AtomicU64,
    /// Some read of configuration space returned all ones since the claim began.
    pub(super) blind: AtomicBool,
    /// The base addresses of the last claim, if a reset has cleared them and the claim could not restore them.
    unrestored: NoCutMutex<Option<Restore>>,
    vectors: NoCutMutex<Vectors>,
}

impl PciSlot {
    /// Makes the slot for the function at `address`.
    ///
    /// # Safety
    ///
    /// This is the only slot for that function, and only the slot's claims drive the function.
    pub const unsafe fn new(host: Host, address: PciAddress) -> Self {
        Self {
            host,
            address,
            claimed: AtomicBool::new(false),
            claims: AtomicU64::new(0),
            blind: AtomicBool::new(false),
            // SAFETY: the lock is held only to copy the value or to take it (ORDER-54).
            unrestored: unsafe { NoCutMutex::new(None) },
            // SAFETY: the lock is held for a few register accesses, by code of this crate and its host (ORDER-54).
            vectors: unsafe { NoCutMutex::new(Vectors::new()) },
        }
    }

    /// Names the device in this slot as one that `D` describes, to be claimed for drivers of such devices.
    ///
    /// A driver can't name a table of its own, in which an address would be a plain register:
    ///
    /// ```compile_fail,E0133
    /// use samara_device_io::table::*;
    /// use samara_device_io::{DeviceSlot, PciSlot};
    ///
    /// enum Mine {}
    /// impl Table for Mine {
    ///     const NAME: &'static str = "mine";
    ///     const IDS: &'static [Id] = &[];
    ///     const WINDOWS: &'static [Window] = &[Window::bar(0, 0x1000)];
    ///     const REGISTERS: &'static [&'static [Rule]] =
    ///         &[&[Rule::new(0, 0x28, Width::W64).read().write(Write::Any)]];
    ///     const IDLE: &'static [Check] = &[Check::new(step::at(0, 0x1C, Width::W32), 0, 0)];
    ///     const RESET: &'static [Step] = &[];
    ///     const QUEUES: &'static [Queue] = &[];
    /// }
    ///
    /// fn slot(place: &'static PciSlot) -> DeviceSlot<Mine> {
    ///     place.with_table()
    /// }
    /// ```
    ///
    /// A table that contradicts itself does not compile where it is named: see [`lint`].
    ///
    /// ```compile_fail,E0080
    /// # use samara_device_io::PciSlot;
    /// # use samara_device_io::table::*;
    /// # enum Empty {}
    /// # impl Table for Empty {
    /// #     const NAME: &'static str = "empty";
    /// #     const IDS: &'static [Id] = &[];
    /// #     const WINDOWS: &'static [Window] = &[Window::bar(0, 0x1000)];
    /// #     const REGISTERS: &'static [&'static [Rule]] = &[];
    /// #     const RESET: &'static [Step] = &[];
    /// #     const QUEUES: &'static [Queue] = &[];
    ///     const IDLE: &'static [Check] = &[];
    /// # }
    /// # fn main() {
    /// let name = |place: &'static PciSlot| unsafe { place.with_table::<Empty>() };
    /// # let _: fn(&'static PciSlot) -> _ = name;
    /// # }
    /// ```
    ///
    /// # Safety
    ///
    /// `D` is a true description of the devices that it fits, and the kernel's owner has reviewed it. If a driver
    /// accesses the registers as the rules allow, in any order, the device accesses only the memory that the engine
    /// has told it of, in the formats of its queues.
    pub const unsafe fn with_table<D: Table>(&'static self) -> DeviceSlot<D> {
        const { lint::<D>() };
        DeviceSlot {
            slot: self,
            _table: PhantomData,
        }
    }

    /// Returns the function's address.
    pub fn address(&self) -> PciAddress {
        self.address
    }

    /// Returns the identifiers of the function in this place; `None` if none answers.
    pub fn id(&'static self) -> Option<PciId> {
        self.config().id()
    }

    /// Returns the function's configuration space.
    pub(super) fn config(&'static self) -> Config {
        Config {
            space: self.host.config,
            address: self.address,
            blind: &self.blind,
        }
    }

    /// Begins a claim, unless the slot has one already. Returns the claim's number, and the base addresses that the
    /// claim must restore.
    pub(super) fn occupy(&self) -> Option<(u64, Option<Restore>)> {
        if self.claimed.swap(true, Ordering::Acquire) {
            return None;
        }
        self.blind.store(false, Ordering::Relaxed);
        let number = self.claims.fetch_add(1, Ordering::Relaxed);
        self.with_vectors(|vectors| vectors.claim = Some(number));
        Some((number, self.unrestored.lock().take()))
    }

    /// Runs `f` on the MSI-X vectors, under their lock. `f` is code of this crate and makes a few register accesses.
    /// A thread in `f` is not cut, so the lock is free again when a domain has drained.
    pub(super) fn with_vectors<R>(&self, f: impl FnOnce(&mut Vectors) -> R) -> R {
        f(&mut self.vectors.lock())
    }

    /// Masks the vectors of a claim that ends, and unmaps their table.
    pub(super) fn end_vectors(&self, config: &Config) {
        if let Some((bar, backing)) = self.with_vectors(|vectors| vectors.end(config)) {
            // SAFETY: this is the table's mapping, which nobody uses any more (AUTH-7).
            contained(|| unsafe { self.host.bars.unmap(self.address, bar, backing) });
        }
    }

    /// Ends a claim whose device is silent and whose memory is released. The next claim puts `restore` back.
    pub(super) fn release(&self, restore: Option<Restore>) {
        *self.unrestored.lock() = restore;
        self.claimed.store(false, Ordering::Release);
    }
}

/// A place on the bus, together with the table of the device in it.
pub struct DeviceSlot<D> {
    pub(super) slot: &'static PciSlot,
    _table: PhantomData<fn() -> D>,
}

impl<D> DeviceSlot<D> {
    /// Returns the place.
    pub const fn place(&self) -> &'static PciSlot {
        self.slot
    }
}

impl<D: Table> DeviceSlot<D> {
    /// Whether one of the table's devices answers there.
    pub fn is_present(&self) -> bool {
        self.slot.id().is_some_and(|id| id.is(D::IDS))
    }
}

impl<D> Clone for DeviceSlot<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for DeviceSlot<D> {}

impl<D: Table> fmt::Debug for DeviceSlot<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceSlot({}, {})", D::NAME, self.slot.address)
    }
}

impl fmt::Debug for PciSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PciSlot({})", self.address)
    }
}
