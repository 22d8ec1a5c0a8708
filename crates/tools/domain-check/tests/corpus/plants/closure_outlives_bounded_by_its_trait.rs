//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a where clause makes an associated type `'static`. A bound in the trait gives this type an
//! associated type of its own.
extern crate alloc;
use alloc::boxed::Box;
pub trait Show { fn show(&self) -> u64; }
pub struct Slot<'x>(Option<&'x u64>);
impl<'x> Show for Slot<'x> { fn show(&self) -> u64 { self.0.map_or(0, |it| *it) } }
pub trait Gives { type Of: Show; fn give(&mut self) -> Option<Self::Of>; }
impl<I: Iterator> Gives for I where I::Item: Show { type Of = I::Item; fn give(&mut self) -> Option<I::Item> { self.next() } }
pub trait Puts<X>: Gives { fn put(slot: &mut Self::Of, it: X); }
impl<'x, I: Iterator<Item = Slot<'x>>> Puts<&'x u64> for I { fn put(slot: &mut Slot<'x>, it: &'x u64) { slot.0 = Some(it); } }
pub trait Has<X> { type It: Puts<X>; fn it(self) -> Self::It; }
pub struct Own<T>(T);
impl<T: Puts<X>, X> Has<X> for Own<T> { type It = T; fn it(self) -> T { self.0 } }
fn hide<H: Has<X>, X>(from: H, it: X) -> Option<Box<dyn Show>> where H::It: 'static {
    let mut slot = from.it().give()?;
    H::It::put(&mut slot, it);
    Some(Box::new(slot))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    hide(Own(core::iter::from_fn(|| Some(Slot::<'a>(None)))), lent)
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
