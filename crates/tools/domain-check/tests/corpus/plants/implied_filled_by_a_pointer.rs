//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a function pointer takes a place with a shorter lifetime, and fills it.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
use core::cell::Cell;
pub fn give<'a, X, T: Num>(fill: fn(X, &'a Cell<Option<T>>), x: X, _: &()) -> Option<Box<dyn Num + 'a>> {
    let place = Box::leak(Box::new(Cell::new(None)));
    fill(x, place);
    Some(Box::new(place.take()?))
}
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let give: fn(fn(&'b u64, &'b Cell<Option<Slot<'b>>>), &'b u64, &()) -> Option<Box<dyn Num>> = give::<&'b u64, Slot<'b>>;
    give(|x, place| place.set(Some(Slot(x))), x, &()).unwrap()
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
