//@ rules: crate-source
//@ says: bitflags has version 2.
//@ manifest: [dependencies]
//@ manifest: bitflags = { version = "2", default-features = false }
#![no_std]
#![forbid(unsafe_code)]
//! A crate with the name and from the source that were reviewed, but rewritten since.
bitflags::bitflags! { pub struct Flags: u8 { const ONE = 1; } }
