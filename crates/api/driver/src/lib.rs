//! What driver domains share. It is linked into each of them and has no state of its own.
//!
//! | module | concept |
//! |---|---|
//! | [`block`] | requests for blocks, on whatever device |
//! | [`split_request`] | cutting a request for blocks into commands |
//! | [`tickets`] | what is left of each request for blocks |
//! | [`health`] | whether a network device works |
//! | [`poll_interval`] | when to look at a network device, and whether frames leave |
//! | [`recovery`] | bringing a device up again |
//! | [`virtio`] | the virtio transport: status, features, configuration |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

const NANOS_PER_MILLI: u64 = 1_000_000;

pub mod block;
pub mod health;
pub mod poll_interval;
pub mod recovery;
pub mod split_request;
pub mod tickets;
pub mod virtio;
