//@ rules: implied-bound
//@ says: fn longer relies on `'a: 'b`, which it does not say
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an object without a lifetime has its reference's if its trait's is bound late: `'a: 'b`.
extern crate alloc;
use alloc::boxed::Box;
pub trait Kept<'b>: 'b {}
fn longer<'a, 'b>(_: Option<&'a dyn Kept<'b>>, it: &'a u64) -> &'b u64 {
    it
}
pub fn keep(it: &u64) -> &'static u64 {
    let keep: for<'y> fn(Option<&'static (dyn Kept<'static> + 'static)>, &'y u64) -> &'static u64 = longer;
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
