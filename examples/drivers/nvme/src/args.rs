//! The arguments of the driver.

use samara_domain::Exchangeable;

use crate::registers::Function;

/// Limits that apply in addition to those of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// The number of entries of the I/O queues; clamped to 2 to 64. The controller may allow fewer.
    pub queue_depth: u16,
    /// The most bytes that one command transfers. A command transfers at least one block, even if this limit is
    /// lower. The controller may allow fewer (MDTS).
    pub max_transfer: u32,
    /// The number of milliseconds without a completion after which the driver gives a command up and resets the
    /// controller.
    pub io_millis: u64,
    /// The same limit for a flush. A flush may take longer, because the controller may write a whole cache back.
    pub flush_millis: u64,
    /// The ID of the namespace to use (NSID); 0 for all that can be used, of which [`init`](crate::init) takes the
    /// first.
    pub namespace: u32,
    /// The number of milliseconds to wait for another thread of the driver, which may be busy with a reset. The
    /// default is longer than any bring-up takes.
    pub lock_millis: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_depth: 64,
            max_transfer: 256 << 10,
            io_millis: 5_000,
            flush_millis: 60_000,
            namespace: 0,
            lock_millis: 480_000,
        }
    }
}

/// The arguments of [`init`](crate::init) and [`init_controller`](crate::init_controller).
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The claimed function of the controller.
    pub function: Function,
    /// The limits of the driver.
    pub limits: Limits,
}

impl From<Function> for Args {
    fn from(function: Function) -> Self {
        Self {
            function,
            limits: Limits::default(),
        }
    }
}
