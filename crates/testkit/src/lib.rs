//! Shared test support: what the reference kernel, its domains and the host side of its tests must
//! agree on, and, hosted, device models to test drivers against.
//!
//! Everything but the models is `no_std` and free of dependencies, so that both the kernel and
//! `cargo xtask` run the very same code.
#![no_std]

#[cfg(feature = "nvme-model")]
extern crate std;

pub mod fault;
#[cfg(feature = "nvme-model")]
pub mod nvme_model;
pub mod pattern;
