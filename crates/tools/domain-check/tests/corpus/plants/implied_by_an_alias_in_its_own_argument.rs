//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an alias is used in its own argument.
extern crate alloc;
use alloc::boxed::Box;
pub type Al<T, U> = (Option<&'static T>, U);
pub fn give<'b>(_: Al<(), Al<&'b (), ()>>, x: &'b u64) -> &'static u64 { x }
pub fn keep<'b>(x: &'b u64) -> &'static u64 {
    let give: for<'y> fn(Al<(), Al<&'static (), ()>>, &'y u64) -> &'static u64 = give;
    give((None, (None, ())), x)
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
