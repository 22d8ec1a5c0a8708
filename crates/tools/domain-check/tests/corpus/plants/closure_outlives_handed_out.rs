//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: the function takes no value of the projected type. It returns a clone, and the caller later
//! writes to the value that both clones share.
extern crate alloc;
use alloc::boxed::Box; use alloc::rc::Rc; use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
fn split<I: Iterator + 'static>(mut all: I) -> Option<(I::Item, Box<dyn Show>)> where I::Item: Clone + Show {
    let item = all.next()?;
    Some((item.clone(), Box::new(item)))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let (slot, kept) = split(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }))?;
    slot.set(Some(lent));
    Some(kept)
}
