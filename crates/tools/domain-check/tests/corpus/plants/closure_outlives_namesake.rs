//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a trait of the domain has the same name as a trait of the standard library that has an
//! associated type.
extern crate alloc;
use alloc::boxed::Box;
use core::any::Any;
use core::ops;
pub mod namesake { pub trait Not {} }
pub struct Slot<'x>(Option<&'x u64>);
pub struct Own<T>(T);
impl<I: Iterator> ops::Not for Own<I> { type Output = Option<I::Item>; fn not(mut self) -> Option<I::Item> { self.0.next() } }
pub trait Puts<X>: ops::Not { fn put(slot: &mut Self::Output, it: X); }
impl<'x, I: Iterator<Item = Slot<'x>>> Puts<&'x u64> for Own<I> { fn put(slot: &mut Option<Slot<'x>>, it: &'x u64) { *slot = Some(Slot(Some(it))); } }
fn hide<T: Puts<X> + 'static, X>(from: T, it: X) -> Box<dyn Any> {
    let mut slot = !from;
    T::put(&mut slot, it);
    Box::new(slot)
}
pub fn keep<'a>(lent: &'a u64) -> Option<&'static u64> {
    let kept = hide(Own(core::iter::repeat_with(|| Slot::<'a>(None))), lent);
    kept.downcast::<Option<Slot<'static>>>().ok()?.as_ref().as_ref()?.0
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.map_or(0, |it| *it);
    drop(second);
    seen
}
