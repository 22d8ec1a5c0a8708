//@ rules: unsafe-code
//@ says: an address that `fmt::Pointer` shows
//! Other crates know the trait by another name.
#![no_std]
#![forbid(unsafe_code)]

pub use core::fmt::Pointer as Shown;
