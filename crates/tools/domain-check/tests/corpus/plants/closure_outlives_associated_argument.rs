//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a trait for `u8` has an associated type of another trait as its argument, and that type is
//! `'static`.
extern crate alloc;
use alloc::boxed::Box;
pub trait Show { fn show(&self) -> u64; }
pub struct Slot<'x>(Option<&'x u64>);
impl<'x> Show for Slot<'x> { fn show(&self) -> u64 { self.0.map_or(0, |it| *it) } }
pub trait Of<T> { type It: Show; fn give(from: T) -> Option<Self::It>; }
pub trait Puts<T, X>: Of<T> { fn put(slot: &mut Self::It, it: X); }
impl<I: Iterator> Of<I> for u8 where I::Item: Show { type It = I::Item; fn give(mut from: I) -> Option<I::Item> { from.next() } }
impl<'x, I: Iterator<Item = Slot<'x>>> Puts<I, &'x u64> for u8 { fn put(slot: &mut Slot<'x>, it: &'x u64) { slot.0 = Some(it); } }
pub trait Has { type A: 'static; fn a(self) -> Self::A; }
pub struct Own<T>(T);
impl<T: 'static> Has for Own<T> { type A = T; fn a(self) -> T { self.0 } }
fn hide<H: Has, X>(from: H, it: X) -> Option<Box<dyn Show>> where u8: Puts<H::A, X> {
    let mut slot = <u8 as Of<H::A>>::give(from.a())?;
    <u8 as Puts<H::A, X>>::put(&mut slot, it);
    Some(Box::new(slot))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    hide(Own(core::iter::repeat_with(|| Slot::<'a>(None))), lent)
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
