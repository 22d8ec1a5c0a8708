//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an alias stands for another alias, which has the same name as a parameter of the function.
extern crate alloc;
use alloc::boxed::Box;
pub type V<'b> = Option<&'static &'b ()>;
pub type Al<'b> = V<'b>;
pub fn give<'b, V>(_: Al<'b>, x: &'b u64, _: Option<V>) -> &'static u64 { x }
pub fn keep<'b>(x: &'b u64) -> &'static u64 {
    let give: for<'y> fn(Al<'static>, &'y u64, Option<()>) -> &'static u64 = give;
    give(None, x, None)
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
