//! Attacks on the driver by devices that lie, vanish or change at a bad moment.

mod device;
mod promises;
mod recovery;
