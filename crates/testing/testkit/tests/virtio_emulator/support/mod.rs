//! A small driver that a test can make do anything, even against the specification.

mod config;
mod driver;
mod memory;
mod ring;

pub(crate) use self::config::{Capability, Config};
pub(crate) use self::driver::{Driver, at, status};
pub(crate) use self::memory::Dma;
pub(crate) use self::ring::{NEXT, Ring, WRITE};
