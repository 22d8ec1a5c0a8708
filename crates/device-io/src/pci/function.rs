//! A claimed function: the capability from which a driver gets registers, DMA memory and transfers.

use core::fmt;
use core::sync::atomic::Ordering;

use samara_rref::Exchangeable;
use samara_shared_heap::thread::{self, NoCut};
use samara_shared_heap::{Cap, Owner};

use super::claim::{Claim, ClaimError, ClaimId};
use super::config::{BUS_MASTER, PciId};
use super::reset::Silenced;
use super::slot::PciSlot;
use crate::dma::DmaTable;
use crate::host::{Backing, Clock, MapBarError, PciAddress};
use crate::mmio::{Mmio, RegisterBlock};
use crate::time::Deadline;

/// A PCI function that its holder drives: an owned one-pointer capability, exchangeable.
///
/// Dropping it, or the death of the domain that holds it, silences the device (bus mastering off,
/// Function Level Reset where offered, bounded) and then releases all memory the device could reach.
#[derive(Exchangeable)]
pub struct PciFunction(Cap<Claim>);

/// Why a register block isn't to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistersError {
    /// The function's identifiers are not those of this kind of device.
    WrongDevice(PciId),
    /// The BAR shares the block's range with the MSI-X table, which holds bus addresses.
    OverlapsMsix,
    /// The host can't map the BAR.
    Map(MapBarError),
}

impl fmt::Display for RegistersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongDevice(id) => write!(
                f,
                "device {:04x}:{:04x} of class {:02x?} has other registers: give the driver its own kind of device",
                id.vendor, id.device, id.class
            ),
            Self::OverlapsMsix => f.write_str(
                "the MSI-X table lies among the registers: the device does not fit this layout",
            ),
            Self::Map(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RegistersError {}

/// Why bus mastering stays off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnableError {
    /// The device isn't held in reset: commands of an earlier owner could still reach memory that is
    /// in use again.
    NotInReset,
    /// Its registers can't be read.
    Registers(RegistersError),
}

impl fmt::Display for EnableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInReset => {
                f.write_str("the device is not in reset: reset it before it may be bus master")
            }
            Self::Registers(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EnableError {}

impl PciSlot {
    /// Claims the function for whom the thread runs (the host, which then hands it to a domain).
    /// Memory decoding is on and bus mastering off afterwards. Some dozen configuration accesses.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; the function is as it was.
    pub fn claim(&'static self) -> Result<PciFunction, ClaimError> {
        // One that finds no slot ends with its drop.
        let cap = Cap::try_new(Claim::begin(self)?);
        cap.map(PciFunction)
            .map_err(|(error, _claim)| ClaimError::Alloc(error))
    }
}

impl PciFunction {
    /// The trusted side.
    pub(super) fn claim(&self) -> &Claim {
        &self.0
    }

    #[inline]
    pub(crate) fn claim_id(&self) -> ClaimId {
        self.0.control.claim()
    }

    /// Runs `f` on the DMA table, under its lock and a no-cut mark. `f` is code of this crate.
    pub(crate) fn with_table<R>(&self, f: impl FnOnce(&mut DmaTable) -> R) -> R {
        let mut table = self.0.table.lock();
        f(&mut table)
    }

    pub(crate) fn bus_address(&self, start: *const u8, length: usize) -> Option<u64> {
        self.0.slot.host.dma.bus_address(start, length)
    }

    /// What bus addresses differ by from addresses, if that's the same for all memory.
    pub(crate) fn linear(&self) -> Option<u64> {
        self.0.slot.host.dma.linear()
    }

    /// Whose the function is.
    #[inline]
    pub(crate) fn owner(&self) -> Owner {
        self.0.owner()
    }

    /// Where the function is.
    pub fn address(&self) -> PciAddress {
        self.0.slot.address
    }

    /// Its identifiers.
    pub fn id(&self) -> PciId {
        self.0.id
    }

    /// The host's clock.
    pub fn clock(&self) -> &'static dyn Clock {
        self.0.slot.host.clock
    }

    /// A deadline `millis` milliseconds from now.
    pub fn deadline(&self, millis: u64) -> Deadline {
        Deadline::after(self.clock(), millis)
    }

    /// What `get` has, asked again and again for at most `millis` milliseconds, relaxing between. The clock is read
    /// only if it has nothing at first: for locks that do not wait for ever.
    #[inline]
    pub fn wait_for<T>(&self, millis: u64, mut get: impl FnMut() -> Option<T>) -> Option<T> {
        get().or_else(|| self.wait_on(millis, get))
    }

    #[cold]
    #[inline(never)]
    fn wait_on<T>(&self, millis: u64, get: impl FnMut() -> Option<T>) -> Option<T> {
        self.deadline(millis).wait_for(get)
    }

    /// The function's registers in layout `B`, mapped at the first call; some loads after it.
    ///
    /// # Errors
    ///
    /// [`RegistersError`] if the device is of another kind or its BAR can't be mapped.
    #[inline]
    pub fn registers<B: RegisterBlock>(&self) -> Result<Mmio<'_, B>, RegistersError> {
        if B::accepts(&self.0.id)
            && let Some(bar) = self.0.bars.get(usize::from(B::BAR))
            && let Some((backing, length)) = bar.get()
            && let Some(registers) = Mmio::new(backing, *length, &self.0.control)
        {
            return Ok(registers);
        }
        self.map_registers()
    }

    #[cold]
    #[inline(never)]
    fn map_registers<B: RegisterBlock>(&self) -> Result<Mmio<'_, B>, RegistersError> {
        if !B::accepts(&self.0.id) {
            return Err(RegistersError::WrongDevice(self.0.id));
        }
        let too_short = RegistersError::Map(MapBarError::TooShort);
        let bar = self.0.bars.get(usize::from(B::BAR));
        let bar = bar.ok_or(RegistersError::Map(MapBarError::Absent))?;
        let (backing, length) = {
            // SAFETY: this crate's own code and its host's, to the end of this block.
            let _no_cut = unsafe { NoCut::begin(thread::current()) };
            bar.try_call_once(|| self.map::<B>())?
        };
        Mmio::new(backing, *length, &self.0.control).ok_or(too_short)
    }

    /// Maps as much of the block as lies below the MSI-X table, and as the BAR has.
    fn map<B: RegisterBlock>(&self) -> Result<(Backing, usize), RegistersError> {
        let mut length = B::MAP_LENGTH;
        let msix = self.0.capabilities.msix;
        for (bar, start) in msix.iter().flat_map(|msix| [msix.table, msix.pending]) {
            if bar == B::BAR {
                length = length.min(start as usize);
            }
        }
        if length < B::LENGTH {
            return Err(RegistersError::OverlapsMsix);
        }
        let host = &self.0.slot.host;
        let backing = host
            .bars
            .map(self.0.slot.address, B::BAR, length)
            .map_err(RegistersError::Map)?;
        Ok((backing, length))
    }

    /// Lets the function issue memory requests, if the device, by its registers in layout `B`, is held
    /// in reset.
    ///
    /// # Errors
    ///
    /// [`EnableError`] if it isn't: commands of an earlier owner could be left in it.
    pub fn enable_bus_master<B: RegisterBlock>(&self) -> Result<(), EnableError> {
        let registers = self.registers::<B>().map_err(EnableError::Registers)?;
        self.0.control.with(|guarded| {
            // What is idle stays so: only code under this lock enables a device.
            if guarded.silencing != 0 || !B::is_idle(&registers) {
                return Err(EnableError::NotInReset);
            }
            let config = &self.0.config;
            config.set_command(config.command() | BUS_MASTER);
            Ok(())
        })
    }

    /// Silences the device now and takes everything out of flight: the trusted way to get buffers
    /// back from a device that does not answer. Bus mastering is off afterwards. Takes as long as
    /// the reset does: 100 ms where Function Level Reset is offered, at most 1.2 s. The time is charged to the caller's
    /// domain.
    pub fn silence(&self) -> Silenced {
        // Until everything is out of flight: what another thread started in between would be, too.
        self.0.control.silencing(|| {
            let silenced = self.0.silence();
            self.all_ended();
            let slot = self.0.slot;
            slot.with_vectors(|vectors| vectors.restore(&self.0.config));
            silenced
        })
    }

    /// Takes everything out of flight: the device was reset by its registers, with no request pending.
    pub(crate) fn all_ended(&self) {
        self.with_table(|table| {
            table.end_all();
            // Under the table's lock: see `DmaRegion::put`.
            self.0.epoch.fetch_add(1, Ordering::AcqRel);
        });
    }

    /// How often the device was silenced or reset: a command started in an earlier epoch is no
    /// longer in flight.
    pub fn epoch(&self) -> u32 {
        self.0.epoch.load(Ordering::Acquire)
    }
}

impl fmt::Debug for PciFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PciFunction({})", self.address())
    }
}
