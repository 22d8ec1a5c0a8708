//! Attacks on the driver by devices that lie, vanish, or are blind for a while.

mod device;
mod looks;
mod recovery;
