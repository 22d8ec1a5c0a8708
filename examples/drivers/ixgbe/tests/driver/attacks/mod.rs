//! Attacks on the driver by devices that lie, vanish, or do not answer for a while.

mod device;
mod looks;
mod recovery;
