//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an impl of the domain defines an iterator's item by a bound on the impl's parameter.
extern crate alloc;
use alloc::boxed::Box;
pub struct Own<X>(X);
impl<X: Iterator<Item = R>, R> Iterator for Own<X> { type Item = R; fn next(&mut self) -> Option<R> { self.0.next() } }
pub fn give<'a, 'b, X: Iterator<Item = &'b u64>>(_: Option<&'a <Own<X> as Iterator>::Item>, x: &'b u64, _: &()) -> &'a u64 { x }
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
