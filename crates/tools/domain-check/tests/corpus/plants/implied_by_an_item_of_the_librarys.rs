//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an impl of the standard library defines an iterator's item by a bound on a closure.
extern crate alloc;
use alloc::boxed::Box;
use core::iter::{Map, Once};
pub fn give<'a, 'b, F: FnMut(()) -> &'b u64>(_: Option<&'a <Map<Once<()>, F> as Iterator>::Item>, x: &'b u64, _: &()) -> &'a u64 { x }
pub fn keep<'b>(x: &'b u64) -> &'static u64 {
    let give: fn(Option<&'static &'static u64>, &'b u64, &()) -> &'static u64 = give::<fn(()) -> &'b u64>;
    give(None, x, &())
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
