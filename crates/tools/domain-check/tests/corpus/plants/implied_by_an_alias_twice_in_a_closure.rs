//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a closure elides one lifetime, and an alias uses it in two places.
extern crate alloc;
use alloc::boxed::Box;
type W<T> = (Option<&'static T>, T);
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let give = |p: W<&u64>| -> &'static u64 { p.1 };
    let give: fn((Option<&'static &'static u64>, &'x u64)) -> &'static u64 = give;
    give((None, x))
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
