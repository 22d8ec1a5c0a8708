//! Shared test support: what the reference kernel and the host side of its tests must agree on.
//!
//! Everything here is `no_std` and free of dependencies, so that both the kernel and `cargo xtask`
//! run the very same code.
#![no_std]

pub mod pattern;
