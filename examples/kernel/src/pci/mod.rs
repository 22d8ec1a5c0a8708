//! PCI Express: configuration space, the functions behind it, and how to quiet one.
//!
//! Sections cited are those of the PCI Express Base Specification 5.0. What a device's registers
//! say is not trusted: nothing here panics or loops without bound for it.

mod bar;
mod capabilities;
mod ecam;
mod function;
mod reset;
mod scan;

pub(crate) use bar::Bar;
pub(crate) use ecam::{ecam, init};
pub(crate) use function::Class;
pub(crate) use scan::{functions, scan};
