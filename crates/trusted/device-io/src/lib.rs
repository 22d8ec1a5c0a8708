//! Gives drivers that may not use `unsafe` a device's registers, queues and transfers. One trusted engine does the
//! work; each device is described to it as data.
//!
//! A driver domain gets a [`PciFunction<D>`](PciFunction). `D` is a [`Table`](table::Table): a device described as
//! data, which the *host* names when it gives the device away. The function gives the driver all that it needs: the
//! device's registers, as far as the table's rules allow; [queues](queue), in which the engine writes everything that
//! the device reads; and buffers that the device can reach for the length of a [`DmaTransfer`]. Drivers are
//! `#![forbid(unsafe_code)]`.
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
//! # How to add a device
//!
//! Describe the device: [`table::Table`] shows the smallest description, and the crate `samara-device-tables` has
//! those of NVMe, the 82599 and virtio. Name its registers as constants ([`mmio::Register::at`]), and have the host
//! claim it:
//!
//! ```
//! use samara_device_io::pci::{ClaimError, PciSlot};
//! use samara_device_io::{PciFunction, table::Table};
//!
//! fn give_away<D: Table>(slot: &'static PciSlot) -> Result<PciFunction<D>, ClaimError> {
//!     // SAFETY: the kernel's owner has reviewed the table.
//!     let device = unsafe { slot.with_table::<D>() };
//!     device.claim()
//! }
//! ```
//!
//! # What holds without an IOMMU
//!
//! *No memory is reused while the device can reach it*, whatever a driver does:
//!
//! - Bus addresses have provenance. No driver sees one. The engine fills in every register, descriptor and entry that
//!   takes an address, from a queue's memory or a pinned buffer, together with that memory's own length.
//! - A register that the table does not list can be neither read nor written.
//! - Memory for queues belongs to the claim. Dropping a queue releases nothing, and a claim has one handle for each
//!   queue.
//! - A buffer in flight is either moved or lent. A *moved* buffer sits in a table on the trusted side; the driver
//!   gets it back when the *device* has completed its commands, or was reset or silenced. A *lent* buffer is pinned
//!   for the length of a closure; nothing of it is in flight when the closure ends, even by a panic, and devices may
//!   only read it. `mem::forget` of a handle releases no memory early. No statement by a driver ends a transfer.
//! - After a reset or a silence, no queue runs until it is started again; tags and units from before are refused.
//! - Interrupt messages go where the host says: no driver can write the MSI-X table, and it is never mapped for one.
//! - When a domain dies, its functions are silenced first: bus mastering off, Function Level Reset where offered,
//!   bounded waits. Only then is memory released. Bus mastering comes on again only for a device that its table calls
//!   idle, so no command of a dead driver survives in it.
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
//!
//! # What remains trusted without an IOMMU
//!
//! - **The device**: that it reads and writes what its queues say and nothing else, that it has stopped using what it
//!   completes, and that it honours the bus master enable bit.
//! - **The tables** that the host names.
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
