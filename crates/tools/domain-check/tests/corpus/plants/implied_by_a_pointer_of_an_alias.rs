//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an alias for a function pointer gives closures their signature. This signature can use the
//! alias's parameters.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
type Give<T> = for<'a> fn(Option<&'a T>, T) -> Box<dyn Num + 'a>;
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let give: Give<Slot<'b>> = |_, x| Box::new(x);
    let give: fn(Option<&'static Slot<'static>>, Slot<'b>) -> Box<dyn Num> = give;
    give(None, Slot(x))
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.num();
    drop(second);
    seen
}
