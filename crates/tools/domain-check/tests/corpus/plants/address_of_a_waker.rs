//@ rules: unsafe-code
//@ says: the address in a raw pointer
//! A pointer that nobody spells.
#![no_std]
#![forbid(unsafe_code)]

use core::task::Context;

pub fn same(one: &Context<'_>, other: &Context<'_>) -> bool {
    one.waker().data() == other.waker().data()
}
