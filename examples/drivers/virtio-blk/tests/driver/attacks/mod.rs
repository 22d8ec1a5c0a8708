//! Attacks on the driver by devices that give false or late answers.

mod device;
mod promises;
mod recovery;
