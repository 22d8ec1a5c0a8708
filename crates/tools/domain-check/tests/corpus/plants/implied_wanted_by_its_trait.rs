//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: another method of the trait demands the outer lifetime.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
pub trait Tr<'a> {
    fn put(x: &'a u64) -> Box<dyn Num>;
    fn give<'b>(_: &'a &'b (), x: &'b u64, _: &()) -> Box<dyn Num> { Self::put(x) }
}
impl Tr<'static> for () { fn put(x: &'static u64) -> Box<dyn Num> { Box::new(Slot(x)) } }
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let give: fn(&'static &'static (), &'b u64, &()) -> Box<dyn Num> = <() as Tr<'static>>::give;
    give(&&(), x, &())
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
