//! Without services no call waits for one.

use crate::error::RpcError;

/// The waits of one call in its recoveries: there are none.
#[derive(Debug, Default)]
pub struct Waits(());

impl Waits {
    /// The waits of a call that has not waited.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// Does not wait.
    ///
    /// # Errors
    /// None.
    pub const fn back_off(&self, _: u32) -> Result<(), RpcError> {
        Ok(())
    }
}
