//! A virtio block driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns a [`VirtioDisk`], a
//! [`BlockDevice`](samara_interfaces::BlockDevice). The driver polls: a call puts its requests into the device's
//! queue, several at once, and returns when they have completed.
//!
//! The driver was written from *Virtual I/O Device (VIRTIO) Version 1.2*, whose sections the comments cite. The engine,
//! [`samara_device_io`], writes everything that the device reads from memory, by the table
//! [`samara_device_tables::virtio`].
//!
//! | module | concept |
//! |---|---|
//! | `bring_up` | reset, features, configuration, the queue |
//! | `device` | the device under its lock: requests, completions, recovery |
//! | `disk` | the exported value |
//!
//! # When the device misbehaves
//!
//! The driver starts a recovery at each of these faults: a used element that names no chain in flight, a byte that is
//! no status, no completion in time, DEVICE_NEEDS_RESET, and registers that read as all ones. In the last case the
//! reset finds out whether the device was unplugged. In a recovery, the driver resets the device, fails all requests
//! in flight with a typed error, and brings the device up again. If a bring-up fails for a reason that may pass, the
//! driver repeats it for up to ten seconds. In each case the driver gets the callers' buffers back from the device.
//!
//! The driver gives the device up in two cases: all bring-ups fail, or for two seconds the device states that it is
//! another one than callers were told of. Then the driver silences the device, and every later call fails. The device
//! may have grown, may have another `size_max`, and may refuse writes.
//!
//! After DEVICE_NEEDS_RESET, the first flush fails if there were unflushed writes, because the device's cache may be
//! lost.
//!
//! [`samara_driver::block`] executes the requests, as it does for other block drivers.
//!
//! Only the status byte decides the result of a request. The byte holds FFh until the device writes it. The driver
//! does not need the length in the used element: by §2.7.8.2 that length only says beyond which bytes a driver may
//! assume nothing. Some devices of version 1 have reported the length of the data without the status byte
//! (Firecracker before its pull request 2364), or 0. So if a device reports a read as done and has written nothing,
//! the driver does not notice. The caller then finds its own earlier bytes in its buffer. A length beyond the buffers
//! is a breach of the protocol.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod bring_up;
mod device;
mod disk;
mod error;
mod faults;

pub use disk::{Args, Limits, VirtioDisk};
pub use error::{Fault, InitError};

/// Brings the device up. This is the domain's entry point.
///
/// # Errors
///
/// [`InitError`]. On an error, the function has been released and its device is silent.
pub fn init(args: Args) -> Result<VirtioDisk, InitError> {
    VirtioDisk::new(args)
}
