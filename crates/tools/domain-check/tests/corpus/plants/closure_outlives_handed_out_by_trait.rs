//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! As closure_outlives_handed_out, in a provided method of a trait.
extern crate alloc;
use alloc::boxed::Box; use alloc::rc::Rc; use core::cell::Cell; use core::future::{Future, IntoFuture};
pub trait Show { fn show(&self) -> u64; }
// A trait's method, not a function with generics of its own.
pub trait Split: Iterator + 'static where Self::Item: Clone + Show {
    fn split(&mut self) -> Option<(Self::Item, Box<dyn Show>)> { let item = self.next()?; Some((item.clone(), Box::new(item))) }
}
impl<I: Iterator + 'static> Split for I where I::Item: Clone + Show {}
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let (slot, kept) = core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }).split()?;
    slot.set(Some(lent));
    Some(kept)
}
