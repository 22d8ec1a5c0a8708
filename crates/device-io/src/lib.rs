//! Typed device capabilities for drivers that may not use `unsafe`.
//!
//! A driver domain gets a [`PciFunction`] and, through it, everything that it needs: the device's
//! registers in their layout ([`Mmio`]), memory that the device reaches for as long as the function is held
//! ([`DmaRegion`]), and buffers that it reaches for the length of a transfer ([`Transfer`]). The
//! drivers are `#![forbid(unsafe_code)]`; what could point a device at memory is in this crate.
//!
//! | module | concept |
//! |---|---|
//! | [`host`] | what a kernel supplies |
//! | [`mmio`] | registers: bounded, typed, mapped or emulated |
//! | [`pci`] | claiming a function; its interrupts; silencing it |
//! | [`dma`] | regions, the in-flight table |
//! | [`layout`] | each device's registers and descriptors, reviewed |
//! | [`time`] | bounded waits |
//!
//! # What holds without an IOMMU
//!
//! *No memory is reused while the device can reach it*, whatever a driver does short of the list below:
//!
//! - Bus addresses have provenance. No driver sees one; registers and descriptor fields that take one
//!   are filled in by [`layout`] from a region or a pinned buffer, with a length that is that memory's.
//! - Memory for rings belongs to the claim. Dropping its handle releases nothing.
//! - A buffer in flight is *moved* into a table on the trusted side, and comes back when its commands have
//!   ended; or it is *lent* for the length of a closure, at whose end, also by a panic, nothing of it
//!   is in flight: `mem::forget` has nothing to forget. Devices only read what is lent.
//! - Messages of interrupts go where the host says: the MSI-X table is no driver's, and is never mapped for one.
//! - When a domain dies, its functions are silenced first: bus mastering off, Function Level Reset where
//!   offered, bounded waits. Then memory is released. Bus mastering comes on again only for a device that
//!   is in reset, so nothing of a dead driver's commands survives in it.
//!
//! A register that takes an address can't be declared as a plain one:
//!
//! ```compile_fail,E0080
//! use samara_device_io::layout::nvme::Nvme;
//! use samara_device_io::mmio::{ReadWrite, Register};
//!
//! const ASQ: Register<Nvme, u64, ReadWrite> = Register::at(0x28);
//! # fn main() { let _ = ASQ; }
//! ```
//!
//! Nor can a command be made of numbers, or of a buffer that is not pinned:
//!
//! ```compile_fail,E0451
//! use samara_device_io::layout::nvme::Command;
//!
//! let command = Command { words: [0; 16], _transfer: Default::default() };
//! ```
//!
//! A command can't outlive the transfer whose memory it names:
//!
//! ```compile_fail,E0505
//! use samara_device_io::{PciFunction, Segment, Transfer};
//!
//! fn early(function: &PciFunction, transfer: Transfer) -> Result<(), Box<dyn std::error::Error>> {
//!     let segment: Segment<'_> = function.segment(&transfer, 0, 0, 512)?;
//!     let buffer = function.finish(transfer)?;
//!     drop(segment);
//!     Ok(())
//! }
//! ```
//!
//! A driver that forbids `unsafe` can't declare a layout of its own, in which an address is a plain field:
//!
//! ```compile_fail,E0200
//! use samara_device_io::dma::DmaLayout;
//!
//! struct Descriptor { address: u64 }
//! impl DmaLayout for Descriptor {}
//! ```
//!
//! # What remains trusted without an IOMMU
//!
//! - **The device**: that it reads and writes what its commands say and nothing else, and honours the bus
//!   master enable bit.
//! - **The driver's word that a command ended** ([`PciFunction::ended`]). A driver that ends a tag early gets
//!   the buffer back while the device may still write it.
//! - **The driver's ring positions**: a tail doorbell that is rung too far makes the controller execute
//!   old entries again, whose buffers may be in other use. (The ring arithmetic of the NVMe domain is
//!   kept provable for that reason.)
#![no_std]
#![expect(
    unsafe_code,
    reason = "registers are mapped memory, and layouts vouch for what a device does with it"
)]

#[cfg(test)]
extern crate std;

pub mod dma;
pub mod host;
pub mod layout;
pub mod mmio;
pub mod pci;
pub mod time;

pub use dma::{DmaRegion, Segment, Transfer};
pub use mmio::Mmio;
pub use pci::{Interrupt, PciFunction, PciSlot};
pub use time::Deadline;
