//! Whether a network device works: set by the call that finds out, read by every call.

use core::sync::atomic::{AtomicU8, Ordering};

use samara_device_io::PciFunction;
use samara_device_io::table::Table;
use samara_interfaces::NetError;

/// A device's health. It doesn't get better: a device that was recovered never was unwell.
#[derive(Debug, Default)]
pub struct Health(AtomicU8);

const WELL: u8 = 0;
const FAILED: u8 = 1;
const GONE: u8 = 2;

impl Health {
    /// Whether calls may go on. One load.
    ///
    /// # Errors
    ///
    /// What a call fails with while the device doesn't work.
    #[inline]
    pub fn check(&self) -> Result<(), NetError> {
        match self.0.load(Ordering::Relaxed) {
            WELL => Ok(()),
            GONE => Err(NetError::Gone),
            _ => Err(NetError::Failed),
        }
    }

    /// The device isn't used any more, because of `error`, [`NetError::Gone`] or another: it is silenced, so that it reaches no
    /// memory from now on. What is in its queues can be taken back then.
    #[cold]
    pub fn end<D: Table>(&self, function: &PciFunction<D>, error: NetError) -> NetError {
        let _ = function.silence();
        self.note(error)
    }

    fn note(&self, error: NetError) -> NetError {
        let state = match error {
            NetError::Gone => GONE,
            _ => FAILED,
        };
        // One that is gone stays so.
        self.0.fetch_max(state, Ordering::Relaxed);
        self.check().err().unwrap_or(NetError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_has_not_merely_failed() {
        let health = Health::default();
        assert_eq!(health.check(), Ok(()));
        assert_eq!(health.note(NetError::Failed), NetError::Failed);
        assert_eq!(health.check(), Err(NetError::Failed));
        assert_eq!(health.note(NetError::Gone), NetError::Gone);
        assert_eq!(health.note(NetError::Failed), NetError::Gone);
        assert_eq!(health.check(), Err(NetError::Gone));
    }
}
