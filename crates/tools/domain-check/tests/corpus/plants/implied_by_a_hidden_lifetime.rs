//@ rules: implied-bound, linked-value
//@ says: a path leaves out a type's lifetimes
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: the result's `Ref` has the argument's lifetime, which is not written, so `'b: 'a`.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Ref;
fn shorter<'a, 'b>(it: &'b u64) -> (&'a u64, Option<&'a Ref<u8>>) {
    (it, None)
}
pub fn keep(it: &u64) -> &'static u64 {
    let keep: for<'y> fn(&'y u64) -> (&'static u64, Option<&'y Ref<'y, u8>>) = shorter;
    keep(it).0
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
