//@ rules: unsafe-code
//@ says: casts a pointer or a function
//! Takes the address of a function.
#![no_std]
#![forbid(unsafe_code)]

pub fn number() -> usize {
    Some::<u8> as fn(u8) -> Option<u8> as usize
}
