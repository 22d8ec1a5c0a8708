//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a clause for all lifetimes bounds a type that contains the parameter.
extern crate alloc;
use alloc::boxed::Box;
pub trait Show { fn show(&self) -> u64; }
pub struct Slot<'x>(Option<&'x u64>);
impl<'x> Show for Slot<'x> { fn show(&self) -> u64 { self.0.map_or(0, |it| *it) } }
pub trait Gives { type Of: Show; fn give(self) -> Option<Self::Of>; }
pub trait Puts<X>: Gives { fn put(slot: &mut Self::Of, it: X); }
pub struct Own<'b, T>(Option<&'b u8>, T);
impl<'b, I: Iterator> Gives for Own<'b, I> where I::Item: Show { type Of = I::Item; fn give(mut self) -> Option<I::Item> { self.1.next() } }
impl<'b, 'x, I: Iterator<Item = Slot<'x>>> Puts<&'x u64> for Own<'b, I> { fn put(slot: &mut Slot<'x>, it: &'x u64) { slot.0 = Some(it); } }
fn hide<T: 'static, X>(from: T, it: X) -> Option<Box<dyn Show>> where for<'b> Own<'b, T>: Puts<X> {
    let mut slot = Own::<'static, T>(None, from).give()?;
    <Own<'static, T> as Puts<X>>::put(&mut slot, it);
    Some(Box::new(slot))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    hide(core::iter::repeat_with(|| Slot::<'a>(None)), lent)
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
