//! A virtio network driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns a [`Nic`], a [`NetDevice`](samara_interfaces::NetDevice) with one
//! queue. The device is polled: an exchange puts frames into the transmit queue, takes arrived frames out of the
//! receive queue, and waits for nothing. A caller that has nothing else to do waits for an interrupt.
//!
//! Written from *Virtual I/O Device (VIRTIO) Version 1.2*, whose sections the comments cite. The descriptors and rings
//! that the device reads from memory are written by [`samara_device_io`], which takes their format from the table
//! [`samara_device_tables::virtio`].
//!
//! | module | concept |
//! |---|---|
//! | `nic` | the exported value, recovery |
//! | `pair` | receive and transmit queue, the exchange of packets with them |
//! | `interrupts` | the receive queue's vector |
//! | `bring_up` | reset, features, configuration |
//!
//! # When the device misbehaves
//!
//! The driver resets the device and brings it up again in these cases: a used element names no chain in flight or a
//! length beyond the buffer, frames don't leave while the link is up, the device says DEVICE_NEEDS_RESET, or its
//! registers read as all ones. The frames in the queues are lost; their buffers are not.
//!
//! If the bring-up keeps failing, the device is not what callers were told, or the reset finds that it was unplugged,
//! the driver silences the device and takes its buffers back. From then on every call fails, except `info` and
//! `statistics`.
//!
//! An exchange notices a wrong used element at once. For the other cases a call must look at the device, which costs
//! register reads. A look is due a quarter of `tx_millis` after the last one (at least 1 ms, at most 500 ms). To find
//! out, each call that has slept or moved nothing reads the clock, and so does one in 16 of the calls that moved
//! something. A look is also due after 64 calls that moved nothing, or 1024 that moved something, whatever the time.
//!
//! The driver clears a buffer from a client before the device receives a frame into it, because the device alone says
//! how much of the buffer it has written.
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
/// [`InitError`]. The function has been released then, and its device is silent.
pub fn init(args: Args) -> Result<Nic, InitError> {
    Nic::new(args)
}
