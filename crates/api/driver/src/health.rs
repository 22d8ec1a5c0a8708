//! Whether a network device works. The call that finds a lasting failure records it, and every call checks it.

use core::sync::atomic::{AtomicU8, Ordering};

use samara_device_io::PciFunction;
use samara_device_io::table::Table;
use samara_interfaces::NetError;

/// A device's health. Once the device has failed for good, it never counts as working again. A failure from which the
/// device was recovered is not recorded here.
#[derive(Debug, Default)]
pub struct Health(AtomicU8);

const WELL: u8 = 0;
const FAILED: u8 = 1;
const GONE: u8 = 2;

impl Health {
    /// Checks that the device works, so that the call may continue. Costs one load.
    ///
    /// # Errors
    ///
    /// The error of every call once the device doesn't work any more.
    #[inline]
    pub fn check(&self) -> Result<(), NetError> {
        match self.0.load(Ordering::Relaxed) {
            WELL => Ok(()),
            GONE => Err(NetError::Gone),
            _ => Err(NetError::Failed),
        }
    }

    /// Ends the use of the device because of `error`. Silences the device, so that it reaches no memory from now on
    /// and the buffers in its queues can be taken back. Returns [`NetError::Gone`] or [`NetError::Failed`].
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
        // A device that is gone stays gone.
        self.0.fetch_max(state, Ordering::Relaxed);
        self.check().err().unwrap_or(NetError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_device_is_not_reported_as_failed() {
        let health = Health::default();
        assert_eq!(health.check(), Ok(()));
        assert_eq!(health.note(NetError::Failed), NetError::Failed);
        assert_eq!(health.check(), Err(NetError::Failed));
        assert_eq!(health.note(NetError::Gone), NetError::Gone);
        assert_eq!(health.note(NetError::Failed), NetError::Gone);
        assert_eq!(health.check(), Err(NetError::Gone));
    }
}
