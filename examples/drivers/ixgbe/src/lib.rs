//! An Intel 82599 driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns a [`Nic`], a
//! [`NetDevice`](samara_interfaces::NetDevice). It is polled: an exchange puts frames into a ring, takes what
//! has arrived out of another, and waits for nothing. Who has nothing else to do waits for an interrupt.
//!
//! Written from the *Intel 82599 10 GbE Controller Datasheet*, revision 3.4. What could point the device at
//! memory, rings and their positions included, is in [`samara_device_io`], told by the table [`samara_device_tables::ixgbe`].
//!
//! | module | concept |
//! |---|---|
//! | `nic` | the exported value |
//! | `pair` | a queue pair: the exchange itself |
//! | `frame` | what a descriptor says of what was received |
//! | `registers` | registers and statistics |
//! | `interrupts` | a vector for each queue, waited for |
//! | `link` | the link's state, believed when it lasts |
//! | `bring_up` | reset, filters, RSS, queues; and the way down |
//! | `watch` | whether reports are in order, and frames arrive |
//! | `totals` | statistics |
//!
//! # When the device misbehaves
//!
//! A length beyond the buffer, frames that don't leave while the link is up, frames that are dropped though there are
//! buffers, registers that read as all ones, or as behind a reset that wasn't the driver's: the device is reset and brought up
//! again; what was in its queues is lost, the buffers are not. If that fails, or the reset finds that it was unplugged, it is
//! silenced, its packets are taken back, and every call fails from then on. Further faults of real cards: `docs/hardware-cases.md`.
//!
//! Calls look for all that if the last look was a quarter of `tx_millis` ago, half a second at most: each call that moved nothing or
//! has waited, and one in 16 of the others. Whatever the time, one in 64 to 1024 looks.
//!
//! How much of a frame was written is the device's word: buffers aren't cleared between clients.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod args;
mod bring_up;
mod error;
mod faults;
mod frame;
mod interrupts;
mod link;
mod nic;
mod pair;
mod registers;
mod totals;
mod watch;

pub use args::{Args, Limits, MAX_QUEUES};
pub use error::InitError;
pub use nic::Nic;

/// Brings the device up. The domain's entry point.
///
/// # Errors
///
/// [`InitError`]; the function has been released then, its device silent.
pub fn init(args: Args) -> Result<Nic, InitError> {
    Nic::new(args)
}
