//! Software reset (section 4.2.1.6.1), behind a master disable (section 5.2.5.3.2).

use core::fmt;

use super::Ixgbe;
use crate::mmio::{Mmio, RegisterBlock};
use crate::pci::PciFunction;

/// CTRL (section 8.2.3.1.1): master disable, link reset, device reset.
const CTRL: usize = 0x0;
const MASTER_DISABLE: u32 = 1 << 2;
const LINK_RESET: u32 = 1 << 3;
const DEVICE_RESET: u32 = 1 << 26;
/// STATUS (section 8.2.3.1.2): requests may be pending.
const MASTER_ENABLED: u32 = 1 << 19;
/// How long pending requests and the reset may take, and how long to wait after it.
const MILLIS: u64 = 100;
const AFTER_MILLIS: u64 = 10;

/// Why a reset failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetError {
    /// The registers aren't this function's.
    Foreign,
    /// Nothing answers: the device was unplugged.
    Absent,
    /// It doesn't come back, not from a Function Level Reset either.
    Failed,
}

impl fmt::Display for ResetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "the registers are another function's: use the function's own",
            Self::Absent => "the device was unplugged: plug it in again",
            Self::Failed => "the device does not come back from a reset: it needs a power cycle",
        })
    }
}

impl core::error::Error for ResetError {}

impl Mmio<'_, Ixgbe> {
    /// Resets the device: no queue runs after it, and what was in the queues can be taken back. Where the
    /// device doesn't comply, the function is silenced instead. 10 ms if it does, at most 1.5 s.
    ///
    /// # Errors
    ///
    /// [`ResetError`]; queues don't run then either, unless the registers are another function's.
    pub fn reset(&self, function: &PciFunction) -> Result<(), ResetError> {
        if self.control().claim() != function.claim_id() {
            return Err(ResetError::Foreign);
        }
        // No queue is started meanwhile.
        let complied = self.control().silencing(|| {
            let complied = self.reset_complied(function);
            if complied {
                function.all_ended();
            }
            complied
        });
        if !complied {
            let _ = function.silence();
        }
        match self.read(Ixgbe::STATUS) {
            u32::MAX => Err(ResetError::Absent),
            _ if Ixgbe::is_idle(self) => Ok(()),
            _ => Err(ResetError::Failed),
        }
    }

    fn set_control(&self, bits: u32) {
        let value = self.read(Ixgbe::CTRL) | bits;
        // SAFETY: CTRL is an aligned register of the block, and names no memory.
        unsafe { self.store(CTRL, value) };
    }

    /// True if the device ended what it had begun and all its queues are disabled.
    fn reset_complied(&self, function: &PciFunction) -> bool {
        self.set_control(MASTER_DISABLE);
        let quiet = function
            .deadline(MILLIS)
            .poll(|| self.read(Ixgbe::STATUS) & MASTER_ENABLED == 0);
        if !quiet {
            return false;
        }
        self.set_control(LINK_RESET | DEVICE_RESET);
        // It may not be accessed for a millisecond (section 4.2.1.6.1).
        function.deadline(AFTER_MILLIS).sleep();
        let over = function
            .deadline(MILLIS)
            .poll(|| self.read(Ixgbe::CTRL) & (LINK_RESET | DEVICE_RESET) == 0);
        over && Ixgbe::is_idle(self)
    }
}
