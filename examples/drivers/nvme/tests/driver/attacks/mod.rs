//! Attacks on the driver: devices that lie, and drivers that are misled.

mod device;
mod promises;
mod recovery;
