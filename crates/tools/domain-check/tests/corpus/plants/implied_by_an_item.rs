//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a bound makes an iterator's item equal to a type, and an argument has this type under the
//! name of the item.
extern crate alloc;
use alloc::boxed::Box;
pub fn give<'a, 'b, X: Iterator<Item = &'b u64>>(_: Option<&'a X::Item>, x: &'b u64, _: &()) -> &'a u64 { x }
pub fn keep<'b>(x: &'b u64) -> &'static u64 {
    let give: fn(Option<&'static &'static u64>, &'b u64, &()) -> &'static u64 = give::<core::iter::Once<&'b u64>>;
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
