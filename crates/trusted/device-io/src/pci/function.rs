//! A claimed function: the capability from which a driver gets registers, queues and transfers.

use core::fmt;
use core::marker::PhantomData;

use samara_rref::descriptor::Shape;
use samara_rref::{Exchangeable, Transfer, TypeDescriptor};
use samara_shared_heap::{Cap, Owner};

use super::claim::{Claim, ClaimError};
use super::config::PciId;
use super::reset::Silenced;
use super::slot::DeviceSlot;
use crate::dma::DmaTable;
use crate::host::{Clock, PciAddress};
use crate::mmio::ClaimId;
use crate::table::Table;
use crate::time::Deadline;

/// A PCI function of the kind that table `D` describes, which its holder drives: an owned, exchangeable capability of
/// one pointer.
///
/// Dropping it, or the death of the domain that holds it, silences the device (bus mastering off, Function Level
/// Reset where offered, in bounded time) and then releases all memory that the device could reach.
///
/// ```
/// use samara_device_io::mmio::{ReadOnly, ReadWrite, Register};
/// use samara_device_io::pci::ClaimError;
/// use samara_device_io::{DeviceSlot, PciFunction};
/// use samara_device_tables::Nvme;
/// use samara_rref::RRef;
/// use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};
/// # use samara_host_std as _;
///
/// /// Registers that the table `Nvme` lists: CAP, and the mask of interrupts (INTMS).
/// const CAP: Register<Nvme, u64, ReadOnly> = Register::at(0, 0x00);
/// const MASK: Register<Nvme, u32, ReadWrite> = Register::at(0, 0x0C);
///
/// // The host: an emulated controller here, `PciSlot::new` and `with_table` in a kernel.
/// let emulator = NvmeEmulator::leak(Shape::default());
/// let slot: DeviceSlot<Nvme> = emulator.slot();
/// let function: PciFunction<Nvme> = slot.claim()?;
/// assert_eq!(slot.claim().unwrap_err(), ClaimError::Claimed); // One claim at a time.
///
/// // The driver, which has no `unsafe`. It reads and writes registers as the table allows.
/// let cap = function.read(CAP);
/// assert!(cap != 0 && cap != u64::MAX); // It answers.
/// function.write(MASK, u32::MAX)?;
///
/// // It becomes bus master only after a reset.
/// assert!(!emulator.is_bus_master());
/// function.reset()?;
/// function.enable_bus_master()?;
/// assert!(emulator.is_bus_master());
///
/// // A buffer that the device can reach until it is given back.
/// let transfer = function.begin(RRef::new_zeroed_slice(4096)?)?;
/// assert_eq!(transfer.len(), 4096);
/// let buffer: RRef<[u8]> = function.finish(transfer)?;
/// assert_eq!(buffer.len(), 4096);
///
/// // The end of the claim silences the device. So does the death of the domain that holds it.
/// drop(function);
/// assert!(!emulator.is_bus_master());
/// assert!(slot.claim().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PciFunction<D>(Cap<Claim>, PhantomData<fn() -> D>);

// SAFETY: it is a capability, which `transfer` visits, and nothing else; it has no destructor of its own
// (CROSS-1, CROSS-2).
unsafe impl<D: Table> Exchangeable for PciFunction<D> {
    const NESTED: bool = true;
    const DEPTH: usize = 1;
    const DESCRIPTOR: TypeDescriptor =
        TypeDescriptor::shaped::<Self>("PciFunction", Shape::Capability(describe::<D>));

    #[inline]
    fn transfer(&self, to: &Transfer) {
        self.0.transfer(to);
    }
}

/// Writes every constant of the table, because its name does not identify it: a driver may give a table of its own
/// the same name.
fn describe<D: Table>(to: &mut dyn fmt::Write) -> fmt::Result {
    let registers = (D::IDS, D::WINDOWS, D::REGISTERS);
    let steps = (D::IDLE, D::RESET, D::SILENT_RESET);
    let table = (D::NAME, registers, steps, D::QUEUES, D::COMMANDS);
    write!(to, "{table:?}")
}

/// Why a function may not become bus master. The device isn't held in reset. So it could still execute commands of an
/// earlier owner, on memory that is in use again. Or the device is being silenced or reset, or the claimed function
/// isn't there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotIdle;

impl fmt::Display for NotIdle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the device is not in reset: reset it before it may be bus master")
    }
}

impl core::error::Error for NotIdle {}

impl<D: Table> DeviceSlot<D> {
    /// Claims the function for the domain that the thread runs for (the host, which then hands it to a driver).
    /// Afterwards memory decoding is on, the table's windows are mapped, and bus mastering is off. Costs some dozen
    /// configuration accesses.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; then the function isn't claimed.
    pub fn claim(&self) -> Result<PciFunction<D>, ClaimError> {
        // If no capability slot is free, dropping the claim ends it.
        let cap = Cap::try_new(Claim::begin(self.slot, D::IDS, D::WINDOWS)?);
        cap.map(|cap| PciFunction(cap, PhantomData))
            .map_err(|(error, _claim)| ClaimError::Alloc(error))
    }
}

impl<D> PciFunction<D> {
    /// Returns the trusted side.
    #[inline]
    pub(crate) fn claim(&self) -> &Claim {
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

    /// Returns the difference between bus addresses and memory addresses, if it is the same for all memory.
    pub(crate) fn linear(&self) -> Option<u64> {
        self.0.slot.host.dma.linear()
    }

    /// Returns the domain that owns the function.
    #[inline]
    pub(crate) fn owner(&self) -> Owner {
        self.0.owner()
    }

    /// Returns the function's address.
    pub fn address(&self) -> PciAddress {
        self.0.slot.address
    }

    /// Returns the function's identifiers.
    pub fn id(&self) -> PciId {
        self.0.restore.id
    }

    /// Reads the dword at `offset` (bytes, rounded down to a multiple of 4, modulo 4096) of the function's
    /// configuration space. Base address registers and the expansion ROM's read as 0.
    pub fn config(&self, offset: u16) -> u32 {
        self.0.config.read_public(offset & 0xFFC)
    }

    /// Returns ID and offset in configuration space of each of the function's capabilities (PCI Express Base 5.0
    /// §7.5.1.1.11).
    pub fn capabilities(&self) -> impl Iterator<Item = (u8, u16)> + use<D> {
        self.0.config.list()
    }

    /// Returns the host's clock.
    pub fn clock(&self) -> &'static dyn Clock {
        self.0.slot.host.clock
    }

    /// Returns the deadline `millis` milliseconds from now.
    pub fn deadline(&self, millis: u64) -> Deadline {
        Deadline::after(self.clock(), millis)
    }

    /// Calls `get` repeatedly for at most `millis` milliseconds, and returns its first result that isn't `None`.
    /// Calls the clock's `relax` between two calls. Reads the clock only if the first call returns `None`. Meant for
    /// locks that must not wait for ever.
    #[inline]
    pub fn wait_for<T>(&self, millis: u64, mut get: impl FnMut() -> Option<T>) -> Option<T> {
        get().or_else(|| self.wait_on(millis, get))
    }

    #[cold]
    #[inline(never)]
    fn wait_on<T>(&self, millis: u64, get: impl FnMut() -> Option<T>) -> Option<T> {
        self.deadline(millis).wait_for(get)
    }

    /// Silences the device now and ends every command in flight. This is how a driver gets buffers back from a device
    /// that does not answer. Afterwards bus mastering is off and no queue runs. Takes as long as the reset: 100 ms
    /// where Function Level Reset is offered, at most 2.2 s. The time is charged to the caller's domain.
    pub fn silence(&self) -> Silenced {
        self.0.control.silencing(|| {
            let silenced = self.0.silence();
            (silenced, silenced == Silenced::Reset)
        })
    }

    /// Returns how often the device was silenced or reset. Each silence or reset begins a new epoch. A command of an
    /// earlier epoch is no longer in flight, and a queue that was started in an earlier epoch doesn't run.
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.0.control.epoch() >> 1
    }
}

impl<D> fmt::Debug for PciFunction<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PciFunction({})", self.address())
    }
}
