//! Whether a network device works: set by the call that finds out, read by every call.

use core::sync::atomic::{AtomicU8, Ordering};

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

    /// The device was unplugged.
    pub fn gone(&self) -> NetError {
        self.0.store(GONE, Ordering::Relaxed);
        NetError::Gone
    }

    /// A reset did not help, or the driver was stopped.
    pub fn failed(&self) -> NetError {
        // One that is gone stays so.
        let _ = self
            .0
            .compare_exchange(WELL, FAILED, Ordering::Relaxed, Ordering::Relaxed);
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
        assert_eq!(health.failed(), NetError::Failed);
        assert_eq!(health.check(), Err(NetError::Failed));
        assert_eq!(health.gone(), NetError::Gone);
        assert_eq!(health.failed(), NetError::Gone);
        assert_eq!(health.check(), Err(NetError::Gone));
    }
}
