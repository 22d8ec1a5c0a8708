//@ rules: lint-undone, unsafe-code
//@ says: --cap-lints allow
//@ rustflags: --cap-lints=allow
#![no_std]
#![forbid(unsafe_code)]
pub fn peek(address: *const u8) -> u8 { unsafe { *address } }
