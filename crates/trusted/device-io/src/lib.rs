//! Devices for drivers that may not use `unsafe`: registers, queues and transfers, from one trusted engine that reads what a device
//! is from data.
//!
//! A driver domain gets a [`PciFunction<D>`](PciFunction), where `D` is a [`Table`](table::Table): a device described as data, which the
//! *host* names when it gives the device away. Through the function it has everything that it needs: the device's registers, as far as
//! the table's rules allow; [queues](queue), of which the engine writes all that the device reads; and buffers that the device
//! reaches for the length of a [`DmaTransfer`]. The drivers are `#![forbid(unsafe_code)]`.
//!
//! | module | concept |
//! |---|---|
//! | [`host`] | what a kernel supplies |
//! | [`table`] | devices as data, and what the compiler checks of it |
//! | [`mmio`] | registers: bounded, typed, mapped or emulated |
//! | [`pci`] | claiming a function; its interrupts; silencing it |
//! | [`dma`] | what a claim keeps; transfers |
//! | [`queue`] | the engine: rings, virtqueues, pairs of queues |
//! | [`time`] | bounded waits |
//!
//! # A device of your own
//!
//! Describe it ([`table::Table`] shows the smallest one; the crate `samara-device-tables` has those of NVMe, the 82599 and virtio), name its
//! registers as constants ([`mmio::Register::at`]), and have the host claim it:
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
//! - Bus addresses have provenance. No driver sees one; registers, descriptors and entries that take one are filled in by the engine, from a
//!   queue's memory or a pinned buffer, with a length that is that memory's.
//! - A register that the table does not list can be neither read nor written.
//! - Memory for queues belongs to the claim. Dropping a queue releases nothing, and a claim has one handle for each queue.
//! - A buffer in flight is *moved* into a table on the trusted side, and comes back when the *device* has completed its commands, or was reset
//!   or silenced; or it is *lent* for the length of a closure, at whose end, also by a panic, nothing of it is in flight. `mem::forget`
//!   has nothing to forget. Devices only read what is lent. No word of a driver's ends a transfer.
//! - What was made before a reset or a silence is refused after it, where it is used: queues, tags, units.
//! - Messages of interrupts go where the host says: the MSI-X table is no driver's, and is never mapped for one.
//! - When a domain dies, its functions are silenced first: bus mastering off, Function Level Reset where offered, bounded waits. Then memory
//!   is released. Bus mastering comes on again only for a device that is idle by its table, so nothing of a dead driver's commands survives in it.
//!
//! A queue's entries can't be made of numbers, nor a transfer be finished under a command that names it:
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
//! - **The device**: that it reads and writes what its queues say and nothing else, that it is done with what it completes, and that it honours
//!   the bus master enable bit.
//! - **The tables** that the host names.
#![no_std]
#![expect(
    unsafe_code,
    reason = "registers are mapped memory, and the engine vouches for what a device reads of it"
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
