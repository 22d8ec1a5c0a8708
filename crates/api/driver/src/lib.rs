#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | module | concept |
//! |---|---|
//! | [`block`] | requests for blocks, on any device |
//! | [`split_request`] | splits a request for blocks into commands |
//! | [`tickets`] | counts what is left of each request for blocks |
//! | [`health`] | whether a network device works |
//! | [`poll_interval`] | when to look at a network device's registers, and whether frames leave |
//! | [`recovery`] | brings a device up again |
//! | [`virtio`] | the virtio transport: status, features, configuration |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
#![doc(html_root_url = "https://docs.rs/samara-driver/latest")]
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

/// Implements `From` for an error type: one implementation for each error that a variant holds. For example:
/// `from_errors!(InitError: Register(WriteError), Reset(ResetError));`
#[macro_export]
macro_rules! from_errors {
    ($error:ident: $($variant:ident($type:ty)),+ $(,)?) => {
        $(impl From<$type> for $error {
            fn from(error: $type) -> Self {
                Self::$variant(error)
            }
        })+
    };
}
