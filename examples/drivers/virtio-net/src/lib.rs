//! A virtio network driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns a [`Nic`], a [`NetDevice`](samara_interfaces::NetDevice) with one queue. It is
//! polled: an exchange puts frames into a queue, takes what has arrived out of another, and waits for nothing. A caller that has
//! nothing else to do waits for an interrupt.
//!
//! Written from *Virtual I/O Device (VIRTIO) Version 1.2*, whose sections the comments cite. What the device reads from memory is
//! written by [`samara_device_io`], told by the table [`samara_device_tables::virtio`].
//!
//! | module | concept |
//! |---|---|
//! | `nic` | the exported value, recovery |
//! | `pair` | receive and transmit queue: the exchange itself |
//! | `interrupts` | the receive queue's vector |
//! | `bring_up` | reset, features, configuration |
//!
//! # When the device misbehaves
//!
//! A used element that names no chain in flight, frames that don't leave while the link is up, DEVICE_NEEDS_RESET, or
//! registers that read as all ones: the device is reset and brought up again; what was in its queues is lost, the buffers are not. If
//! that fails, or the device lacks what callers were told of, or the reset finds that it was unplugged, it is silenced, its buffers
//! are taken back, and every call fails from then on.
//!
//! Calls look for all that if the last look was a quarter of `tx_millis` ago, half a second at most: each call that moved nothing or
//! has waited, and one in 16 of the others. Whatever the time, one in 64 to 1024 looks.
//!
//! A buffer that a client gives is cleared before a frame is received into it: how much was written is the device's word.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod args;
mod bring_up;
mod error;
mod faults;
mod interrupts;
mod nic;
mod pair;

pub use args::{Args, Limits};
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
