//@ rules: implied-bound
//@ says: fn forever relies on `'a: 'static`, which it does not say
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an object's own lifetime outlives every lifetime that its trait outlives: `dyn Kept + 'a`
//! implies `'a: 'static`.
extern crate alloc;
use alloc::boxed::Box;
pub trait Kept: 'static {}
fn forever<'a>(_: Option<Box<dyn Kept + 'a>>, it: &'a u64) -> &'static u64 { it }
pub fn keep(it: &u64) -> &'static u64 {
    let keep: for<'y> fn(Option<Box<dyn Kept + 'static>>, &'y u64) -> &'static u64 = forever;
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
