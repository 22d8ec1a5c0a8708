//! PCI Express: configuration space and the functions behind it.
//!
//! Sections cited are those of the PCI Express Base Specification 5.0. What a device's registers say is
//! not trusted: nothing here panics or loops without bound for it. Claiming and silencing a function
//! is `device-io`'s work.

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
