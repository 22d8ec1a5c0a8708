//@ rules: implied-bound
//@ says: fn shorter relies on `'b: 'a`, which it does not say
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: the elided lifetime of a result is `'b`; lifetimes that a pointer's arguments elide do not
//! count.
extern crate alloc;
use alloc::boxed::Box;
fn shorter<'a, 'b>(it: &'b u64, _: fn(&u8)) -> (&'a u64, Option<&'a &u8>) { (it, None) }
pub fn keep(it: &u64) -> &'static u64 {
    let keep: for<'y> fn(&'y u64, fn(&u8)) -> (&'static u64, Option<&'y &'y u8>) = shorter;
    keep(it, |_| {}).0
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
