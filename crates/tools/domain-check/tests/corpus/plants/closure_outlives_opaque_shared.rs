//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! As closure_outlives_handed_out, without any bound: a hidden type outlives everything that its parameters outlive.
extern crate alloc;
use alloc::boxed::Box; use alloc::rc::Rc; use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
fn hide<I: Iterator>(mut all: I) -> Option<(I::Item, impl Show + use<I>)> where I::Item: Clone + Show {
    let item = all.next()?;
    Some((item.clone(), item))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let (slot, kept) = hide(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }))?;
    slot.set(Some(lent));
    Some(Box::new(kept))
}
