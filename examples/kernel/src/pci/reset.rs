//! Function level reset (section 6.6.2): whatever a function was doing, it stops.

use core::time::Duration;

use super::ecam::ecam;
use super::function::Function;
use crate::time;

// The PCI Express capability's registers (section 7.5.3), as offsets into it. Control is in the
// lower half of its word, status in the upper.
const DEVICE_CAPABILITIES: u16 = 0x04;
const DEVICE_CONTROL_STATUS: u16 = 0x08;

const RESET_CAPABLE: u32 = 1 << 28;
const INITIATE_RESET: u32 = 1 << 15;
const TRANSACTIONS_PENDING: u32 = 1 << (16 + 5);

/// Writing ones to the status half clears error bits; zeros leave them.
const CONTROL: u32 = 0xffff;

/// How long outstanding reads may take to come back (the default completion timeout is 50 ms).
const DRAIN: Duration = Duration::from_millis(100);

/// How long the function may take, and software must keep off.
const SETTLE: Duration = Duration::from_millis(100);

/// A function that does not come back by then is broken.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a reset clears and the function needs to be found again: command, cache line size, BARs,
/// interrupt line.
const HEADER: [u16; 9] = [0x04, 0x0c, 0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x3c];

/// The command register's bits that let it start transfers, in its word.
const BUS_MASTER: u32 = 1 << 2;

/// Why a function was not reset. Its bus mastering is off in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResetError {
    /// It offers no function level reset.
    NotOffered,
    /// It did not answer afterwards.
    Gone,
}

impl Function {
    /// Stops the function: takes bus mastering away, waits for what is under way, resets it.
    /// Afterwards it does not touch memory until it is enabled again. Takes 0.1 to 1.2 s, as the
    /// specification demands.
    pub(crate) fn reset(&self) -> Result<(), ResetError> {
        self.disable_bus_master();
        let express = self.express().ok_or(ResetError::NotOffered)?;
        if ecam().read(self.address, express + DEVICE_CAPABILITIES) & RESET_CAPABLE == 0 {
            return Err(ResetError::NotOffered);
        }
        let saved = HEADER.map(|offset| ecam().read(self.address, offset));
        let control = express + DEVICE_CONTROL_STATUS;
        // Even if reads are still outstanding after this long the reset goes ahead: they are not
        // coming.
        wait_until(DRAIN, || {
            ecam().read(self.address, control) & TRANSACTIONS_PENDING == 0
        });

        let value = ecam().read(self.address, control) & CONTROL | INITIATE_RESET;
        // SAFETY: bus mastering is off and the reset only stops the function.
        unsafe { ecam().write(self.address, control, value) };
        time::wait(SETTLE);
        if !wait_until(PATIENCE, || ecam().read(self.address, 0) != u32::MAX) {
            return Err(ResetError::Gone);
        }
        // The windows first, the command that opens them last. Its upper half is status: zeros
        // leave it.
        for (offset, value) in HEADER.into_iter().zip(saved).rev() {
            let value = if offset == 0x04 {
                value & CONTROL & !BUS_MASTER
            } else {
                value
            };
            // SAFETY: the windows go where they were, and bus mastering stays off.
            unsafe { ecam().write(self.address, offset, value) };
        }
        Ok(())
    }
}

/// Waits until `done` or for `limit`; says whether it was done.
fn wait_until(limit: Duration, done: impl Fn() -> bool) -> bool {
    let start = time::since_boot();
    loop {
        if done() {
            return true;
        }
        if time::since_boot().saturating_sub(start) >= limit {
            return false;
        }
        core::hint::spin_loop();
    }
}
