//@ rules: lint-undone, forbid-unsafe-code, unsafe-code
//@ says: the root lacks #![forbid(unsafe_code)]
//@ manifest: [lints.rust]
//@ manifest: unsafe_code = "allow"
#![no_std]
pub fn peek(address: *const u8) -> u8 { unsafe { *address } }
