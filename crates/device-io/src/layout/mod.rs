//! Device layouts: the reviewed part of each device's specification.
//!
//! A layout declares where a device's registers are, which of them and which fields of its descriptors
//! take a bus address, and builds the descriptors. Everything that could point a device at memory goes
//! through here; drivers above are `#![forbid(unsafe_code)]`.

pub mod ixgbe;
pub mod nvme;
