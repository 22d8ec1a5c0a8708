//! A place on the bus: who may claim its function, one claim at a time.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use samara_shared_heap::thread::{self, NoCut};
use samara_shared_heap::{AllocError, Cap};
use spin::Mutex;

use super::config::{BUS_MASTER, Config, INTX_DISABLE, MEMORY_SPACE, PciId};
use super::function::{Claim, PciFunction};
use super::vectors::{Vectors, disable};
use crate::host::{Host, PciAddress, contained};

/// A PCI function as the host keeps it: claimed for a domain, released when that domain dies, then
/// claimed for its successor. Lives in a host static, or is leaked once for each function found.
pub struct PciSlot {
    pub(crate) host: Host,
    pub(crate) address: PciAddress,
    claimed: AtomicBool,
    claims: AtomicU32,
    /// Base addresses that a reset took, and that the claim which ended could not put back.
    unrestored: Mutex<Option<[u32; 6]>>,
    vectors: Mutex<Vectors>,
}

/// Why a function can't be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimError {
    /// No function answers at that address.
    Absent,
    /// Another claim is alive.
    Claimed,
    /// It is a bridge: not a device that a driver domain drives.
    NotAnEndpoint,
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
            Self::NotAnEndpoint => {
                f.write_str("the PCI function is a bridge: claim the device behind it")
            }
            Self::Alloc(error) => write!(f, "no room for the PCI function's capability: {error}"),
        }
    }
}

impl core::error::Error for ClaimError {}

impl PciSlot {
    /// A slot for the function at `address`.
    ///
    /// # Safety
    ///
    /// It is the only slot for that function, and nothing but its claims drives the function.
    pub const unsafe fn new(host: Host, address: PciAddress) -> Self {
        Self {
            host,
            address,
            claimed: AtomicBool::new(false),
            claims: AtomicU32::new(0),
            unrestored: Mutex::new(None),
            vectors: Mutex::new(Vectors::new()),
        }
    }

    /// Where the function is.
    pub fn address(&self) -> PciAddress {
        self.address
    }

    /// What answers there; `None` if nothing does.
    pub fn id(&self) -> Option<PciId> {
        Config::new(self.host.config, self.address).id()
    }

    /// Claims the function for whom the thread runs (the host, which then hands it to a domain).
    /// Memory decoding is on and bus mastering off afterwards. Some dozen configuration accesses.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; the function is as it was.
    pub fn claim(&'static self) -> Result<PciFunction, ClaimError> {
        let config = Config::new(self.host.config, self.address);
        let id = config.id().ok_or(ClaimError::Absent)?;
        if !config.is_endpoint() {
            return Err(ClaimError::NotAnEndpoint);
        }
        if self.claimed.swap(true, Ordering::Acquire) {
            return Err(ClaimError::Claimed);
        }
        if let Some(bars) = self.unrestored(|bars| bars.take()) {
            config.set_bars(&bars);
        }
        config.set_command(config.command() & !BUS_MASTER | MEMORY_SPACE | INTX_DISABLE);
        let number = self.claims.fetch_add(1, Ordering::Relaxed);
        if let Some(msix) = config.capabilities().msix {
            // Left on by an earlier owner, or by firmware.
            disable(&config, msix.capability);
        }
        self.with_vectors(|vectors| vectors.begin(number));
        // From here on dropping the claim releases the slot.
        let claim = Claim::new(self, number, config, id);
        match Cap::try_new(claim) {
            Ok(cap) => Ok(PciFunction::from_cap(cap)),
            Err((error, _claim)) => Err(ClaimError::Alloc(error)),
        }
    }

    /// Runs `f`, code of this crate, a few register accesses long, on the MSI-X vectors. A thread in here is not
    /// cut, so the lock is free again when a domain has drained.
    pub(crate) fn with_vectors<R>(&self, f: impl FnOnce(&mut Vectors) -> R) -> R {
        let _no_cut = NoCut::begin(thread::current());
        f(&mut self.vectors.lock())
    }

    fn unrestored<R>(&self, f: impl FnOnce(&mut Option<[u32; 6]>) -> R) -> R {
        let _no_cut = NoCut::begin(thread::current());
        f(&mut self.unrestored.lock())
    }

    /// Ends the vectors of a claim that ends: masked, and their table unmapped.
    pub(crate) fn end_vectors(&self, config: &Config) {
        if let Some((bar, backing)) = self.with_vectors(|vectors| vectors.end(config)) {
            contained(|| self.host.bars.unmap(self.address, bar, backing));
        }
    }

    /// Ends a claim: its device is silent and its memory released. The next one puts `bars` back.
    pub(crate) fn release(&self, bars: Option<[u32; 6]>) {
        self.unrestored(|unrestored| *unrestored = bars);
        self.claimed.store(false, Ordering::Release);
    }
}

impl fmt::Debug for PciSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PciSlot({})", self.address)
    }
}
