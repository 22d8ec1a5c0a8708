//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! As closure_outlives_handed_out, by a function that only gets a reference to the value.
extern crate alloc;
use alloc::boxed::Box; use alloc::rc::Rc; use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
fn with<I: Iterator + 'static>(mut all: I, see: impl FnOnce(I::Item)) -> Option<Box<dyn Show>> where I::Item: Clone + Show {
    let item = all.next()?;
    see(item.clone());
    Some(Box::new(item))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    with(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }), |slot| slot.set(Some(lent)))
}
