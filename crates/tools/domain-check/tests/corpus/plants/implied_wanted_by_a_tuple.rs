//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: only a where clause demands the outer lifetime.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
pub trait Conv { fn conv(&mut self); }
pub struct Held(Option<Box<dyn Num>>);
impl Conv for (&'static u64, Held) { fn conv(&mut self) { self.1 = Held(Some(Box::new(Slot(self.0)))); } }
pub fn give<'a, 'b>(_: &'a &'b (), x: &'b u64, _: &()) -> Option<Box<dyn Num>> where (&'a u64, Held): Conv {
    let mut pair = (x, Held(None));
    pair.conv();
    pair.1.0
}
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let give: fn(&'static &'static (), &'b u64, &()) -> Option<Box<dyn Num>> = give::<'static>;
    give(&&(), x, &()).unwrap()
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
