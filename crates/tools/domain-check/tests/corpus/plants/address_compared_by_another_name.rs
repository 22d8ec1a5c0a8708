//@ rules: unsafe-code
//@ says: the address in a raw pointer
//! Compares two references by a function that is imported under another name.
#![no_std]
#![forbid(unsafe_code)]

use core::ptr::eq as same;

pub fn is_same(one: &u8, other: &u8) -> bool {
    same(one, other)
}
