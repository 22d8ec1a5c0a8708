//@ rules: unsafe-code
//@ says: the address in NonNull
//! Gets an address by a type that is not a raw pointer.
#![no_std]
#![forbid(unsafe_code)]

use core::ptr::NonNull;

pub fn number(local: &u8) -> core::num::NonZero<usize> {
    NonNull::from(local).addr()
}
