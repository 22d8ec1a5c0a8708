//! A virtio network driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns a [`Nic`], a [`NetDevice`](samara_interfaces::NetDevice) with one
//! queue. The device is polled: an exchange puts frames into the transmit queue, takes arrived frames out of the
//! receive queue, and waits for nothing. A caller that has nothing else to do waits for an interrupt.
//!
//! Written from *Virtual I/O Device (VIRTIO) Version 1.2*, whose sections the comments cite. [`samara_device_io`]
//! writes the descriptors and rings that the device reads from memory. It takes their format from the table
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
//! The driver gives the device up if the bring-up keeps failing, if the device has other properties than callers were
//! told, or if the reset finds that it was unplugged. Then it silences the device and takes its buffers back. From
//! then on every call fails, except `info` and `statistics`.
//!
//! An exchange notices a wrong used element at once. For the other cases a call must look at the device, which costs
//! register reads. A look is due a quarter of `tx_millis` after the last one (at least 1 ms, at most 500 ms). The
//! driver reads the clock to learn whether a look is due. It does so in each call that has slept or has moved no
//! packet, and in one of 16 calls that have moved some. Whatever the time, a look is also due after 64 calls that
//! have moved no packet, or 1024 calls that have moved some.
//!
//! The driver clears a client's buffer before the device receives a frame into it, because the driver knows only from
//! the device how much of the buffer was written.
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
/// [`InitError`]. On an error, the function has been released and its device is silent.
pub fn init(args: Args) -> Result<Nic, InitError> {
    Nic::new(args)
}
