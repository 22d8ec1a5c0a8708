//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: `Self` in an impl is a type with parameters, and has an associated type.
extern crate alloc;
use alloc::boxed::Box;
pub trait Show { fn show(&self) -> u64; }
pub struct Slot<'x>(Option<&'x u64>);
impl<'x> Show for Slot<'x> { fn show(&self) -> u64 { self.0.map_or(0, |it| *it) } }
pub trait Gives { type Of: Show; fn give(self) -> Option<Self::Of>; }
pub trait Puts<X>: Gives { fn put(slot: &mut Self::Of, it: X); }
pub struct Own<T>(T);
impl<I: Iterator> Gives for Own<I> where I::Item: Show { type Of = I::Item; fn give(mut self) -> Option<I::Item> { self.0.next() } }
impl<'x, I: Iterator<Item = Slot<'x>>> Puts<&'x u64> for Own<I> { fn put(slot: &mut Slot<'x>, it: &'x u64) { slot.0 = Some(it); } }
impl<T: 'static> Own<T> {
    fn hide<X>(self, it: X) -> Option<Box<dyn Show>> where Self: Puts<X> {
        let mut slot = self.give()?;
        Self::put(&mut slot, it);
        Some(Box::new(slot))
    }
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    Own(core::iter::repeat_with(|| Slot::<'a>(None))).hide(lent)
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.map_or(0, |it| it.show());
    drop(second);
    seen
}
