//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a type is contravariant in its lifetime. Its value was made with a shorter lifetime, for
//! which the bound holds.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
pub struct Own<'a, T: 'a>(pub fn(&'a ()), pub T);
pub fn give<'a, T: Num>(own: Own<'a, T>, _: &()) -> Box<dyn Num + 'a> { Box::new(own.1) }
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let give: fn(Own<'b, Slot<'b>>, &()) -> Box<dyn Num> = give::<Slot<'b>>;
    give(Own(|_| (), Slot(x)), &())
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
