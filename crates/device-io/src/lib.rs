//! (docs below)
#![no_std]
#![expect(
    unsafe_code,
    reason = "registers are mapped memory, and layouts vouch for what a device does with it"
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

pub use dma::Transfer;
pub use pci::{DeviceSlot, Interrupt, PciFunction, PciSlot};
pub use time::Deadline;
