//@ rules: forbid-unsafe-code, unsafe-code
//@ says: src/other.rs: the root lacks
//@ manifest: [lib]
//@ manifest: path = "src/other.rs"
#![no_std]
#![forbid(unsafe_code)]
//@ file: src/other.rs
#![no_std]
pub fn peek(address: *const u8) -> u8 { unsafe { *address } }
