//! The interfaces that domains offer one another.
//!
//! | module | interface |
//! |---|---|
//! | [`block`] | [`BlockDevice`]: disks |
#![no_std]
#![forbid(unsafe_code)]

pub mod block;

pub use block::{BlockDevice, BlockError, Geometry};
