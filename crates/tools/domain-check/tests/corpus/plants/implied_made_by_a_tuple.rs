//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a where clause makes one part of a tuple from another.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
pub trait Conv { fn conv(&mut self); }
impl<'b> Conv for (&'b u64, Option<Slot<'b>>) { fn conv(&mut self) { self.1 = Some(Slot(self.0)); } }
pub fn give<'a, X, T: Num>(_: Option<&'a T>, x: X, _: &()) -> Option<Box<dyn Num + 'a>> where (X, Option<T>): Conv {
    let mut pair = (x, None::<T>);
    pair.conv();
    Some(Box::new(pair.1?))
}
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let give: fn(Option<&'static Slot<'static>>, &'b u64, &()) -> Option<Box<dyn Num>> = give::<&'b u64, Slot<'b>>;
    give(None, x, &()).unwrap()
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
