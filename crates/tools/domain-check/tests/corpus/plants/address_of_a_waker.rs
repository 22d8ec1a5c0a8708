//@ rules: unsafe-code
//@ says: the address in a raw pointer
//! Uses a pointer type that is not spelled anywhere in the source.
#![no_std]
#![forbid(unsafe_code)]

use core::task::Context;

pub fn same(one: &Context<'_>, other: &Context<'_>) -> bool {
    one.waker().data() == other.waker().data()
}
