//@ rules: implied-bound
//@ says: fn shorter relies on `'b: 'a`, which it does not say
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an elided lifetime in a pointer's result is the one of its argument, here `'b`.
extern crate alloc;
use alloc::boxed::Box;
fn shorter<'a, 'b>(_: Option<fn(&'b u8) -> &'a &u8>, it: &'b u64) -> &'a u64 { it }
pub fn keep(it: &u64) -> &'static u64 {
    let keep: for<'y> fn(Option<fn(&'y u8) -> &'static &'static u8>, &'y u64) -> &'static u64 = shorter;
    keep(None, it)
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
