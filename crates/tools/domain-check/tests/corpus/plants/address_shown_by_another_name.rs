//@ rules: unsafe-code
//@ says: an address that `fmt::Pointer` shows
//! Other crates import the trait under another name.
#![no_std]
#![forbid(unsafe_code)]

pub use core::fmt::Pointer as Shown;
