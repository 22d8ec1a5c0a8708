//! What driver domains share. It is linked into each of them and has no state of its own.
//!
//! | module | concept |
//! |---|---|
//! | [`split`] | cutting a request for blocks into commands |
//! | [`tickets`] | what is left of each request for blocks |
//! | [`health`] | whether a network device works |
//! | [`watch`] | when to look at a network device, and whether frames leave |
//! | [`virtio`] | the virtio transport: status, features, configuration |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod health;
pub mod split;
pub mod tickets;
pub mod virtio;
pub mod watch;
