//! PCI Express: configuration space, and the scan for functions.
//!
//! The sections cited are those of the PCI Express Base Specification 5.0. The contents of a device's registers are
//! not trusted: no value makes this code panic or loop without bound. This module only finds functions; `device-io`
//! claims and silences them.

mod bar;
mod ecam;
mod function;
mod scan;

pub(crate) use bar::Bar;
pub(crate) use ecam::{init, read_config, write_config};
#[cfg(feature = "kernel-tests")]
pub(crate) use function::Class;
pub(crate) use function::Function;
pub(crate) use scan::{find, functions, left_out, scan};
