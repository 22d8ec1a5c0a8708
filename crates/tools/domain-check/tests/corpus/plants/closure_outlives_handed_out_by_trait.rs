//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! As closure_outlives_handed_out, in a method that a trait provides.
extern crate alloc;
use alloc::boxed::Box; use alloc::rc::Rc; use core::cell::Cell; use core::future::{Future, IntoFuture};
pub trait Show { fn show(&self) -> u64; }
// trait method, no function of own generics
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
