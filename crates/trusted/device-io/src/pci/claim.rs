//! One claim of one function: the trusted side of what a driver holds, from its beginning to its end.

use core::fmt;
use core::mem;
use core::sync::atomic::{AtomicBool, Ordering};

use samara_shared_heap::{AllocError, Capability, NoCutMutex, thread};

use super::config::{BUS_MASTER, Capabilities, Config, INTX_DISABLE, MEMORY_SPACE, PciId};
use super::reset::{Restore, Silenced, silence};
use super::slot::PciSlot;
use super::vectors::InterruptError;
use crate::dma::DmaTable;
use crate::host::{Message, contained};
use crate::mmio::{ClaimId, Control, Mapped, WindowError, locate};
use crate::table::{Id, MAX_WINDOWS, Window};
use crate::time::Deadline;

/// The trusted side of a claim. It lives in a capability slot: when its owner dies, the device is
/// silenced, and only then are its DMA memory and the buffers in flight released.
pub(crate) struct Claim {
    pub(super) slot: &'static PciSlot,
    pub(crate) control: Control,
    pub(crate) config: Config,
    pub(super) capabilities: Capabilities,
    pub(super) restore: Restore,
    /// A reset cleared the base addresses, and was not seen to end.
    is_lost: AtomicBool,
    /// It was made bus master, and not silenced since: by the engine's word, whatever the device says.
    is_master: AtomicBool,
    /// The table's windows, by their index there.
    pub(crate) windows: [Option<Mapped>; MAX_WINDOWS],
    pub(super) table: NoCutMutex<DmaTable>,
}

/// How long a function takes from D3hot to D0 (PCI Express Base 5.0 §5.3.1.4).
const WAKE_MILLIS: u64 = 10;

/// Why a function can't be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimError {
    /// No function answers at that address, or not to all that a claim asks and tells it.
    Absent,
    /// Another claim is alive.
    Claimed,
    /// It isn't a device of the table, or it is a bridge.
    WrongDevice(PciId),
    /// Its registers aren't to be had.
    Window(WindowError),
    /// No room for the capability.
    Alloc(AllocError),
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str(
                "no PCI function answers there: check the address, or that it's still plugged in",
            ),
            Self::Claimed => f.write_str(
                "another domain holds the PCI function: wait until that domain is reclaimed",
            ),
            Self::WrongDevice(id) => write!(
                f,
                "device {:04x}:{:04x} of class {:02x?} isn't a device of the table: name the table of its kind",
                id.vendor, id.device, id.class
            ),
            Self::Window(error) => error.fmt(f),
            Self::Alloc(error) => write!(f, "no room for the PCI function's capability: {error}"),
        }
    }
}

impl core::error::Error for ClaimError {}

impl Claim {
    /// Claims the slot, whose function is one of `ids`: memory decoding is on and bus mastering off. Dropping the claim
    /// releases it.
    pub(super) fn begin(
        slot: &'static PciSlot,
        ids: &[Id],
        windows: &[Window],
    ) -> Result<Self, ClaimError> {
        let config = slot.config();
        // Twice the same: one look may be blind.
        let said = config.id().filter(|said| config.id() == Some(*said));
        let id = said.ok_or(ClaimError::Absent)?;
        if !config.is_endpoint().ok_or(ClaimError::Absent)? || !id.is(ids) {
            return Err(ClaimError::WrongDevice(id));
        }
        let (number, unrestored) = slot.occupy().ok_or(ClaimError::Claimed)?;
        // Base addresses of another function are not put back into this one, nor in place of what it has.
        let is_bare = || config.bars().iter().all(|bar| bar & !0xF == 0);
        let unrestored = unrestored.filter(|restore| restore.id == id && is_bare());
        config.set_command(INTX_DISABLE);
        let capabilities = config.capabilities();
        let claim = ClaimId {
            slot: core::ptr::from_ref(slot).addr(),
            number,
        };
        let mut claim = Self {
            slot,
            control: Control::new(claim),
            config,
            capabilities,
            restore: Restore {
                id,
                express: capabilities.express,
                bars: unrestored.map_or_else(|| config.bars(), |restore| restore.bars),
            },
            is_lost: AtomicBool::new(unrestored.is_some()),
            is_master: AtomicBool::new(false),
            windows: [const { None }; MAX_WINDOWS],
            // SAFETY: this crate's own code, a few entries long.
            table: unsafe { NoCutMutex::new(DmaTable::new()) },
        };
        if config.quieten() {
            Deadline::after(slot.host.clock, WAKE_MILLIS).sleep();
        }
        let is_quiet = !config.quieten() && config.set_bars(&claim.restore.bars);
        config.set_command(if is_quiet { MEMORY_SPACE } else { 0 } | INTX_DISABLE);
        let msix = capabilities.msix.map(|msix| [msix.table, msix.pending]);
        let place = (&config, &slot.host, slot.address);
        let msix = msix.as_slice().as_flattened();
        let located = locate(windows, &mut claim.windows, msix, place);
        // Or not all of it was seen, or taken: what it was left with, and where its registers are.
        let is_seen = is_quiet && !slot.blind.load(Ordering::Relaxed);
        *claim.is_lost.get_mut() &= !is_seen;
        let claim = is_seen.then_some(claim).ok_or(ClaimError::Absent)?;
        located.map(|()| claim).map_err(ClaimError::Window)
    }

    /// Lets the function issue memory requests, if it is there; whether it is.
    pub(crate) fn set_master(&self) -> bool {
        let is_there = self.restore.is_of(&self.config, false);
        self.is_master.fetch_or(is_there, Ordering::Relaxed);
        if is_there {
            self.config
                .set_command(MEMORY_SPACE | INTX_DISABLE | BUS_MASTER);
        }
        is_there
    }

    /// Programs a vector of the claim, which is then unmasked; the message that it sends.
    pub(super) fn take_vector(&self, vector: u16) -> Result<Message, InterruptError> {
        let Self { slot, config, .. } = self;
        let place = (config, &slot.host, slot.address);
        slot.with_vectors(|vectors| vectors.take(vector, self.capabilities.msix, place))
    }

    /// Puts the vectors back that a Function Level Reset has cleared.
    pub(crate) fn restore_vectors(&self) {
        self.slot
            .with_vectors(|vectors| vectors.restore(&self.config));
    }

    /// Silences the device; what is in flight stays so.
    pub(super) fn silence(&self) -> Silenced {
        let is_lost = self.is_lost.load(Ordering::Relaxed);
        let silenced = silence(&self.config, &self.restore, is_lost, self.slot.host.clock);
        self.is_master.store(false, Ordering::Relaxed);
        if let Silenced::Lost | Silenced::Reset = silenced {
            self.is_lost
                .store(silenced == Silenced::Lost, Ordering::Relaxed);
        }
        silenced
    }

    /// Silences the device unless it is, by the engine's word and by its own: one that may not be bus master issues no memory
    /// request, and may become one only out of reset. An absent one costs 10 ms.
    fn ensure_silent(&self) {
        if self.is_master.load(Ordering::Relaxed) || self.config.command() & BUS_MASTER != 0 {
            let _ = self.silence();
        }
    }
}

// SAFETY: silencing touches configuration space in bounded time and runs no code of a domain; after
// it the function issues no memory request. `DmaTable` gives every object that it keeps to the host.
unsafe impl Capability for Claim {
    const NAME: &'static str = "PCI function";

    fn quiesce(&self) {
        contained(|| self.ensure_silent());
    }
}

impl Drop for Claim {
    /// Silences the device (a live owner drops its handle without a quiesce), then unmaps its registers
    /// and releases its memory, then lets the function be claimed again. Whatever of this panics, the rest is
    /// done.
    fn drop(&mut self) {
        let slot = self.slot;
        // A claim ends once, and nobody can shorten a reset. Charged to its driver, it would end one that only stops.
        // SAFETY: silencing runs code of this crate and of the host, and none of a domain.
        let silence = || unsafe { thread::as_host_uncharged(|| self.ensure_silent()) };
        if contained(silence).is_none() {
            // The device may still run: the memory that it can reach is leaked, and nobody gets the function again.
            mem::forget(mem::replace(self.table.get_mut(), DmaTable::new()));
            return;
        }
        slot.end_vectors(&self.config);
        for Mapped { backing, bar, .. } in self.windows.iter().flatten() {
            // SAFETY: mapped for this claim, which is over.
            contained(|| unsafe { slot.host.bars.unmap(slot.address, *bar, *backing) });
        }
        // The buffers go before the slot is free for another claim.
        *self.table.get_mut() = DmaTable::new();
        let is_lost = self.is_lost.load(Ordering::Relaxed);
        slot.release(is_lost.then_some(self.restore));
    }
}
