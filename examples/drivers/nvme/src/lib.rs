//! An NVM Express driver as a domain: isolated, restartable, without `unsafe` and without statics.
//!
//! [`init`] takes a claimed PCI function and returns an [`NvmeDisk`], a
//! [`BlockDevice`](samara_interfaces::BlockDevice) over the controller's first namespace that can be used.
//! [`init_controller`] returns an [`NvmeController`], which offers each usable namespace as a block device. The driver
//! polls: a call submits its commands, several at once, and returns when they have completed.
//!
//! The driver was written from the *NVM Express Base Specification* 2.0c, the *NVM Command Set Specification* 1.0c and
//! the *NVMe over PCIe Transport Specification* 1.0c.
//!
//! | module | concept |
//! |---|---|
//! | `status` | status codes, pure |
//! | `registers` | controller properties, decoded |
//! | `admin` | the admin queue |
//! | `namespace` | which namespaces there are, and which can be used |
//! | `bring_up` | reset, identify, create queues; shut down |
//! | `controller` | the controller under its lock: commands, completions, recovery |
//! | `driver` | the state that namespaces share; all namespaces as an exported value |
//! | `disk` | one namespace, as an exported value |
//!
//! # When the controller misbehaves
//!
//! The driver starts a recovery at each of these faults: a completion that names no command in flight, or names
//! another submission queue; no completion in time; a fatal status; a controller that has reset itself; and registers
//! that read as all ones. In the last case the reset finds out whether the controller was unplugged. In a recovery,
//! the driver resets the controller, fails all commands in flight with a typed error, and brings the controller up
//! again. If a bring-up fails for a reason that may pass, the driver repeats it for up to ten seconds. In each case
//! the callers get their buffers back after the PCI function was reset or silenced.
//!
//! The driver gives the controller up in two cases: all bring-ups fail, or for two seconds the controller states that
//! it is another one than callers were told of. Then the driver silences the controller, and every later call fails.
//! If only a namespace has become smaller, or has another block size, NGUID or EUI-64, only calls to that namespace
//! fail. A namespace may have grown, refuse writes, or allow other transfer lengths.
//!
//! A reset by the driver keeps the controller's cache. A failure of the controller itself may lose the cache. After
//! such a failure, the first flush of each namespace that has unflushed writes fails.
//!
//! [`samara_driver::block`] executes the requests, as it does for other block drivers.
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

/// Brings the controller up, to use one namespace. This is an entry point of the domain.
///
/// # Errors
///
/// [`InitError`]. On an error, the function has been released and its device is silent.
pub fn init(args: Args) -> Result<NvmeDisk, InitError> {
    let driver = driver::Driver::new(args)?;
    NvmeDisk::open(&driver, 0).ok_or(InitError::NoNamespace)
}

/// Brings the controller up, to use all of its namespaces. This is the other entry point of the domain.
///
/// # Errors
///
/// [`InitError`]. On an error, the function has been released and its device is silent.
pub fn init_controller(args: Args) -> Result<NvmeController, InitError> {
    NvmeController::new(args)
}
