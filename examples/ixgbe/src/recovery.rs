//! A device that hangs or breaks its protocol is reset, and brought up again.

use core::sync::atomic::{AtomicU8, Ordering};

use samara_interfaces::NetError;

/// Whether the device works: set by whoever finds out, read by every call.
#[derive(Debug, Default)]
pub(crate) struct Health(AtomicU8);

const WELL: u8 = 0;
const FAILED: u8 = 1;
const GONE: u8 = 2;

impl Health {
    /// # Errors
    ///
    /// What a call fails with while the device doesn't work.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), NetError> {
        match self.0.load(Ordering::Relaxed) {
            WELL => Ok(()),
            GONE => Err(NetError::Gone),
            _ => Err(NetError::Failed),
        }
    }

    /// The device was unplugged.
    pub(crate) fn gone(&self) -> NetError {
        self.0.store(GONE, Ordering::Relaxed);
        NetError::Gone
    }

    /// A reset did not help.
    pub(crate) fn failed(&self) {
        // One that is gone stays so.
        let _ = self
            .0
            .compare_exchange(WELL, FAILED, Ordering::Relaxed, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_has_not_merely_failed() {
        let health = Health::default();
        assert_eq!(health.check(), Ok(()));
        health.failed();
        assert_eq!(health.check(), Err(NetError::Failed));
        health.gone();
        health.failed();
        assert_eq!(health.check(), Err(NetError::Gone));
    }
}
