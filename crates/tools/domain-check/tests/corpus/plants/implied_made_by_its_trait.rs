//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: another method of the trait makes a value of the type to which the implied bound applies.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
pub trait Tr<T: Num> {
    fn make(&self) -> T;
    fn give<'a>(&self, _: Option<&'a T>, _: &()) -> Box<dyn Num + 'a> { Box::new(self.make()) }
}
impl<'b> Tr<Slot<'b>> for Slot<'b> { fn make(&self) -> Slot<'b> { Slot(self.0) } }
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let give: for<'s> fn(&'s Slot<'b>, Option<&'static Slot<'static>>, &()) -> Box<dyn Num> = <Slot<'b> as Tr<Slot<'b>>>::give;
    give(&Slot(x), None, &())
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
