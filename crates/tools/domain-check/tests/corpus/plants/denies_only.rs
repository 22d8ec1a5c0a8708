//@ rules: forbid-unsafe-code, lint-undone, unsafe-code
//@ says: attribute allow
#![no_std]
#![deny(unsafe_code)]
#[allow(unsafe_code)]
pub fn peek(address: *const u8) -> u8 { unsafe { *address } }
