//@ rules: forbid-unsafe-code, unsafe-code
//@ says: the root lacks
#![no_std]
#![cfg_attr(test, forbid(unsafe_code))]
pub fn peek(address: *const u8) -> u8 { unsafe { *address } }
