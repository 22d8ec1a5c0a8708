//! What the driver is given.

use samara_domain::Exchangeable;

use crate::registers::Function;

/// Bounds of the driver's own choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub struct Limits {
    /// Entries of the I/O queues, 2 to 64; the controller may allow fewer.
    pub queue_depth: u16,
    /// Bytes that one command transfers at most; the controller may allow fewer (MDTS).
    pub max_transfer: u32,
    /// Milliseconds without a completion after which a command is given up and the controller reset.
    pub io_millis: u64,
    /// The same for a flush, which may write a whole cache back.
    pub flush_millis: u64,
    /// The namespace (NSID); 0 for the first that can be used.
    pub namespace: u32,
    /// Milliseconds to wait for another thread of the driver, which may be busy with a reset: a bring-up takes less than the
    /// default.
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

/// What [`init`](crate::init) is given.
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// The controller.
    pub function: Function,
    /// Bounds.
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
