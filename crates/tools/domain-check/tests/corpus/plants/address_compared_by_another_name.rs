//@ rules: unsafe-code
//@ says: the address in a raw pointer
//! Two references, compared by a function that has another name here.
#![no_std]
#![forbid(unsafe_code)]

use core::ptr::eq as same;

pub fn is_same(one: &u8, other: &u8) -> bool {
    same(one, other)
}
