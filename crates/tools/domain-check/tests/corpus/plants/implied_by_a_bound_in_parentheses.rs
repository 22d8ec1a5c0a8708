//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a trait bounds `Self` in parentheses, and an object's own lifetime outlives the lifetime of
//! that bound.
extern crate alloc;
use alloc::boxed::Box;
pub trait Kept where (Self): 'static {}
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
