//! A virtio block driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns a [`VirtioDisk`], a [`BlockDevice`](samara_interfaces::BlockDevice). It is
//! polled: a call puts its requests into the device's queue, several at once, and returns when they have completed.
//!
//! Written from *Virtual I/O Device (VIRTIO) Version 1.2*, whose sections the comments cite. What the device reads from memory is
//! written by [`samara_device_io`], told by the table [`samara_device_tables::virtio`].
//!
//! | module | concept |
//! |---|---|
//! | `bring_up` | reset, features, configuration, the queue |
//! | `device` | what the lock guards: start, completions, another bring-up |
//! | `disk` | the exported value |
//!
//! # When the device misbehaves
//!
//! A used element that names no chain in flight, a status that is none, no completion in time, DEVICE_NEEDS_RESET: the device is reset, all
//! requests in flight fail with a typed error, and it is brought up again, which is begun anew for ten seconds as long as it fails for what
//! may pass. If it goes on failing, or says for two seconds that it isn't what callers were told of, it is silenced, and every call fails
//! from then on. It may have grown, refuse writes, or take other lengths at once. Behind DEVICE_NEEDS_RESET, of a device that was written
//! to, the first flush fails: its cache may be lost. Buffers come back in each case. Requests are executed by [`samara_driver::block`], as
//! those of other block drivers are.
//!
//! Registers that read as all ones start a recovery as well: whether the device was unplugged is for its reset to say.
//!
//! A request goes by its status byte, which holds FFh before the device writes it. The length in the used element isn't needed
//! (§2.7.8.2 lets a driver assume nothing of what is beyond it): devices of version 1 have reported the data without the status
//! byte (Firecracker before its pull request 2364), or 0. So a device that says "done" to a read and has written nothing is
//! believed: the caller finds its own earlier bytes in its own buffer. A length beyond the buffers is a broken protocol.
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

/// Brings the device up. The domain's entry point.
///
/// # Errors
///
/// [`InitError`]; the function has been released then, its device silent.
pub fn init(args: Args) -> Result<VirtioDisk, InitError> {
    VirtioDisk::new(args)
}
