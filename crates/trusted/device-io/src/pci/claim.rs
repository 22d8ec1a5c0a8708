//! One claim of one function, from its beginning to its end: the trusted side of the capability that a driver holds.

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

/// The trusted side of a claim. It lives in a capability slot. When the claim's owner dies, the device is silenced.
/// Only then are its DMA memory and the buffers in flight released.
pub(crate) struct Claim {
    pub(super) slot: &'static PciSlot,
    pub(crate) control: Control,
    pub(crate) config: Config,
    pub(super) capabilities: Capabilities,
    pub(super) restore: Restore,
    /// A reset has cleared the base addresses, and the engine has not seen that reset end.
    is_lost: AtomicBool,
    /// The engine made the device bus master and has not silenced it since. The device's command register may say
    /// otherwise.
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
    /// No function answers at that address. Or the function left a read of the claim unanswered, or did not take one
    /// of its writes.
    Absent,
    /// Another claim is alive.
    Claimed,
    /// The function isn't a device of the table, or it is a bridge.
    WrongDevice(PciId),
    /// A window of its registers can't be mapped.
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
    /// Claims the slot, whose function must be one of `ids`. Afterwards memory decoding is on and bus mastering is
    /// off. Dropping the claim releases the slot.
    pub(super) fn begin(
        slot: &'static PciSlot,
        ids: &[Id],
        windows: &[Window],
    ) -> Result<Self, ClaimError> {
        let config = slot.config();
        // Reads the identifiers twice and requires equal results, because a function may fail to answer a single
        // read.
        let said = config.id().filter(|said| config.id() == Some(*said));
        let id = said.ok_or(ClaimError::Absent)?;
        if !config.is_endpoint().ok_or(ClaimError::Absent)? || !id.is(ids) {
            return Err(ClaimError::WrongDevice(id));
        }
        let (number, unrestored) = slot.occupy().ok_or(ClaimError::Claimed)?;
        // Base addresses that an earlier claim left unrestored are written only to a function of the same
        // identifiers, and only if its own base addresses are 0 now.
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
            // SAFETY: only this crate's own code runs under the lock, for a few entries (ORDER-54).
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
        // If the function left a read unanswered or did not take a write, the claim knows neither the device's state
        // nor the place of its registers.
        let is_seen = is_quiet && !slot.blind.load(Ordering::Relaxed);
        *claim.is_lost.get_mut() &= !is_seen;
        let claim = is_seen.then_some(claim).ok_or(ClaimError::Absent)?;
        located.map(|()| claim).map_err(ClaimError::Window)
    }

    /// Lets the function issue memory requests, if it is there. Returns whether it is.
    pub(crate) fn set_master(&self) -> bool {
        let is_there = self.restore.is_of(&self.config, false);
        self.is_master.fetch_or(is_there, Ordering::Relaxed);
        if is_there {
            self.config
                .set_command(MEMORY_SPACE | INTX_DISABLE | BUS_MASTER);
        }
        is_there
    }

    /// Programs and unmasks a vector of the claim. Returns the message that the vector sends.
    pub(super) fn take_vector(&self, vector: u16) -> Result<Message, InterruptError> {
        let Self { slot, config, .. } = self;
        let place = (config, &slot.host, slot.address);
        slot.with_vectors(|vectors| vectors.take(vector, self.capabilities.msix, place))
    }

    /// Programs the vectors again after a Function Level Reset has cleared them.
    pub(crate) fn restore_vectors(&self) {
        self.slot
            .with_vectors(|vectors| vectors.restore(&self.config));
    }

    /// Silences the device. This alone doesn't end the epoch, so commands in flight still count as in flight.
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

    /// Silences the device, unless both the engine and the command register say that it is no bus master. A function
    /// that is no bus master issues no memory request, and becomes bus master again only after a reset. The command
    /// register of an absent function reads as all ones, and so as bus master; then the call takes 10 ms.
    fn ensure_silent(&self) {
        if self.is_master.load(Ordering::Relaxed) || self.config.command() & BUS_MASTER != 0 {
            let _ = self.silence();
        }
    }
}

// SAFETY: silencing touches only configuration space, in bounded time, and runs no code of a domain. After it the
// function issues no memory request. `DmaTable` gives every object that it keeps to the host (DEV-1, DEV-9).
unsafe impl Capability for Claim {
    const NAME: &'static str = "PCI function";

    fn quiesce(&self) {
        contained(|| self.ensure_silent());
    }
}

impl Drop for Claim {
    /// Silences the device (a live owner drops its handle without a quiesce), unmaps its registers, releases its
    /// memory, and then lets the function be claimed again. If a later step panics, the remaining steps are still
    /// done. If the silence panics, the memory is leaked and the function stays claimed.
    fn drop(&mut self) {
        let slot = self.slot;
        // A claim ends once, and nobody can shorten a reset. If the time were charged to the driver's domain, it
        // could kill a domain whose driver only stops.
        // SAFETY: silencing runs code of this crate and of the host, and none of a domain (AUTH-8).
        let silence = || unsafe { thread::as_host_uncharged(|| self.ensure_silent()) };
        if contained(silence).is_none() {
            // The device may still run. So the memory that the device can reach is leaked, and the function stays
            // claimed for good.
            mem::forget(mem::replace(self.table.get_mut(), DmaTable::new()));
            return;
        }
        slot.end_vectors(&self.config);
        for Mapped { backing, bar, .. } in self.windows.iter().flatten() {
            // SAFETY: the window was mapped for this claim, which is over (AUTH-7).
            contained(|| unsafe { slot.host.bars.unmap(slot.address, *bar, *backing) });
        }
        // The buffers are freed before the slot is free for another claim.
        *self.table.get_mut() = DmaTable::new();
        let is_lost = self.is_lost.load(Ordering::Relaxed);
        slot.release(is_lost.then_some(self.restore));
    }
}
