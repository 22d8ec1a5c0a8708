//! An NVM Express driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns an [`NvmeDisk`], a
//! [`BlockDevice`](samara_interfaces::BlockDevice) over the controller's first namespace that can be used;
//! [`init_controller`] returns an [`NvmeController`], whose namespaces are a block device each. It is
//! polled: a call submits its commands, several at once, and returns when they have completed.
//!
//! Written from the *NVM Express Base Specification* 2.0c, the *NVM Command Set Specification* 1.0c and
//! the *NVMe over PCIe Transport Specification* 1.0c.
//!
//! | module | concept |
//! |---|---|
//! | `status` | status codes, pure |
//! | `registers` | controller properties, decoded |
//! | `admin` | the admin queue |
//! | `namespace` | which namespaces there are, and which can be used |
//! | `bring_up` | reset, identify, create queues; shut down |
//! | `controller` | what the lock guards: start, completions, another bring-up |
//! | `driver` | what namespaces share; all of them as an exported value |
//! | `disk` | one namespace, as an exported value |
//!
//! # When the controller misbehaves
//!
//! A completion that names no command in flight, or a queue that it can't be of; no completion in time; a fatal status; a controller that
//! has reset itself: the controller is reset, all commands in flight fail with a typed error, and it is brought up again, which is begun
//! anew for ten seconds as long as it fails for what may pass. If the controller goes on failing, or says for two seconds that it isn't
//! what callers were told of, it is silenced, and every call fails from then on. A namespace that isn't what it was, by its size, its NGUID
//! or its EUI-64, fails alone. It may have grown, refuse writes, or take other lengths at once. A reset by the driver keeps the cache;
//! behind a failure of the controller itself the first flush of each namespace that was written to fails. Buffers come back in each case:
//! the PCI function is reset or silenced before they do. Requests are executed by [`samara_driver::block`], as those of other block drivers
//! are.
//!
//! Registers that read as all ones start a recovery as well: whether the controller was unplugged is for its reset to say.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod admin;
mod args;
mod bring_up;
mod controller;
mod disk;
mod driver;
mod error;
mod faults;
mod namespace;
mod registers;
mod status;

pub use args::{Args, Limits};
pub use disk::NvmeDisk;
pub use driver::NvmeController;
pub use error::{Fault, InitError};
pub use namespace::FormatError;
pub use status::StatusError;

/// Brings the controller up. The domain's entry point.
///
/// # Errors
///
/// [`InitError`]; the function has been released then, its device silent.
pub fn init(args: Args) -> Result<NvmeDisk, InitError> {
    let driver = driver::Driver::new(args)?;
    NvmeDisk::open(&driver, 0).ok_or(InitError::NoNamespace)
}

/// Brings the controller up. The domain's entry point for the sake of all namespaces.
///
/// # Errors
///
/// [`InitError`]; the function has been released then, its device silent.
pub fn init_controller(args: Args) -> Result<NvmeController, InitError> {
    NvmeController::new(args)
}
