//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: another method of the trait makes a value of the implementor.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
pub trait Tr<X>: Sized + Num {
    fn make(x: X) -> Self;
    fn give<'a>(_: Option<&'a Self>, x: X, _: &()) -> Box<dyn Num + 'a> { Box::new(Self::make(x)) }
}
impl<'b> Tr<&'b u64> for Slot<'b> { fn make(x: &'b u64) -> Self { Slot(x) } }
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let give: fn(Option<&'static Slot<'static>>, &'b u64, &()) -> Box<dyn Num> = <Slot<'b> as Tr<&'b u64>>::give;
    give(None, x, &())
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
