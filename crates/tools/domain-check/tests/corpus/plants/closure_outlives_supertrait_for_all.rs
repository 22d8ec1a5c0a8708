//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a supertrait outlives every lifetime, and so `'static`.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Gives { type Of: Show + Clone; fn give(&mut self) -> Option<Self::Of>; }
impl<I: Iterator> Gives for I where I::Item: Show + Clone { type Of = I::Item; fn give(&mut self) -> Option<I::Item> { self.next() } }
pub trait Via<'b>: 'b {}
pub trait Kept: for<'b> Via<'b> {}
impl<'b, I: 'b> Via<'b> for I {}
impl<I: 'static> Kept for I {}
fn split<T: Kept + Gives>(mut it: T) -> Option<(T::Of, Box<dyn Show>)> {
    let it = it.give()?;
    Some((it.clone(), Box::new(it)))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let (slot, kept) = split(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }))?;
    slot.set(Some(lent));
    Some(kept)
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
