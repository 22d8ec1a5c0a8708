#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | module | concept |
//! |---|---|
//! | [`host`] | what a kernel supplies |
//! | [`table`] | devices as data, and what the compiler checks in them |
//! | [`mmio`] | registers: bounded, typed, mapped or emulated |
//! | [`pci`] | claiming a function; its interrupts; silencing it |
//! | [`dma`] | the memory that a claim owns; transfers |
//! | [`queue`] | the engine: rings, virtqueues, pairs of queues |
//! | [`time`] | bounded waits |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
//!
//! # How to add a device
//!
//! Describe the device: [`table::Table`] shows the smallest description, and the crate `samara-device-tables` has
//! those of NVMe, the 82599 and virtio. Name the device's registers as constants ([`mmio::Register::at`]), and have
//! the host claim the device: [`PciSlot::with_table`], [`DeviceSlot::claim`].
//!
//! A driver can't make a unit from numbers:
//!
//! ```compile_fail,E0451
//! use samara_device_io::queue::Unit;
//!
//! fn smaller(unit: Unit) -> Unit {
//!     Unit { shift: 9, ..unit }
//! }
//! ```
#![doc(html_root_url = "https://docs.rs/samara-device-io/latest")]
#![no_std]
#![expect(
    unsafe_code,
    reason = "registers are mapped memory, and the engine vouches for the memory that a device reads"
)]

#[cfg(test)]
extern crate std;

pub mod dma;
mod error;
pub mod host;
pub mod mmio;
pub mod pci;
pub mod queue;
mod rules;
pub mod table;
pub mod time;

pub use dma::DmaTransfer;
pub use pci::{DeviceSlot, Interrupt, PciFunction, PciSlot};
pub use time::Deadline;
