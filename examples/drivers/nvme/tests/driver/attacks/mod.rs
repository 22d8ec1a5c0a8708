//! Attacks on the driver: controllers that lie, fail in a recovery, or are stopped in a bad state.

mod device;
mod promises;
mod recovery;
