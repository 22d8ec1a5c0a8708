//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a hidden result is declared `'static`, so the compiler assumes the same of the result's
//! associated type.
extern crate alloc;
use alloc::boxed::Box;
pub trait Show { fn show(&self) -> u64; }
pub struct Slot<'x>(Option<&'x u64>);
impl<'x> Show for Slot<'x> { fn show(&self) -> u64 { self.0.map_or(0, |it| *it) } }
pub trait Gives { type Of: Show; fn give(&mut self) -> Option<Self::Of>; }
impl<I: Iterator> Gives for I where I::Item: Show { type Of = I::Item; fn give(&mut self) -> Option<I::Item> { self.next() } }
pub trait Puts<X>: Gives { fn put(slot: &mut Self::Of, it: X); }
impl<'x, I: Iterator<Item = Slot<'x>>> Puts<&'x u64> for I { fn put(slot: &mut Slot<'x>, it: &'x u64) { slot.0 = Some(it); } }
fn put<P: Puts<X>, X>(_: &P, slot: &mut P::Of, it: X) { P::put(slot, it) }
fn make<'x>() -> impl Puts<&'x u64> + 'static { core::iter::from_fn(|| Some(Slot::<'x>(None))) }
pub fn keep<'x>(it: &'x u64) -> Box<dyn Show> {
    let mut all = make::<'x>();
    let mut slot = all.give().unwrap();
    put(&all, &mut slot, it);
    Box::new(slot)
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.show();
    drop(second);
    seen
}
