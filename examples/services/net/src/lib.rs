//! A TCP/IP stack as a domain: [smoltcp](https://docs.rs/smoltcp) over a
//! [`NetDevice`](samara_interfaces::NetDevice), without `unsafe` and without statics.
//!
//! [`init`] takes a shadow of the device and returns a [`Stack`], a [`Network`](samara_interfaces::Network). The stack
//! is polled and never waits.
//!
//! | module | concept |
//! |---|---|
//! | `stack` | the exported value |
//! | `sockets` | a fixed number of sockets, and the use of each |
//! | `listener`, `stream` | the objects that the stack hands out |
//! | `shared` | the state that those share with the stack |
//! | `port` | frames to and from the device, in buffers that circulate |
//! | `retransmits` | counts segments that are sent again |
//!
//! # When the driver dies
//!
//! The exchange in progress fails, and the frames and buffers that the driver had are gone. The shadow has the driver
//! restarted, the stack allocates new buffers, and TCP sends the lost segments again. During this time the
//! connections only pause.
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

/// Sets the stack up. This is the domain's entry point.
///
/// # Errors
///
/// [`InitError`].
pub fn init(args: Args) -> Result<Stack, InitError> {
    Stack::new(args)
}
