//! A TCP/IP stack as a domain: [smoltcp](https://docs.rs/smoltcp) over a
//! [`NetDevice`](samara_interfaces::NetDevice), without `unsafe` and without statics.
//!
//! [`init`] takes a shadow of the device and returns a [`Stack`], a [`Network`](samara_interfaces::Network).
//! It is polled; nothing in it waits.
//!
//! | module | concept |
//! |---|---|
//! | `stack` | the exported value |
//! | `sockets` | a fixed number of sockets, and whose each is |
//! | `listener`, `stream` | what is handed out |
//! | `shared` | what those share with the stack |
//! | `port` | frames to and from the device, in buffers that circulate |
//! | `retransmits` | segments that were sent before |
//!
//! # When the driver dies
//!
//! The exchange that met the death fails; the frames and buffers that were with the driver are gone. The
//! shadow brings the next driver up, new buffers are allocated, and TCP sends again what was lost: no
//! connection notices more than a pause.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod args;
mod listener;
mod port;
mod retransmits;
mod shared;
mod sockets;
mod stack;
mod stream;

pub use args::{Args, InitError, Limits};
pub use stack::Stack;

/// Sets the stack up. The domain's entry point.
///
/// # Errors
///
/// [`InitError`].
pub fn init(args: Args) -> Result<Stack, InitError> {
    Stack::new(args)
}
