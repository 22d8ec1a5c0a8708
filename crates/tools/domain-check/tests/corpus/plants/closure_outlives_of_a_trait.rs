//@ rules: implied-bound
//@ says: Self::Out: 'static
#![no_std]
#![forbid(unsafe_code)]
//! A method of the trait returns the trait's own associated type.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; } impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Src: 'static { type Out: Show + Clone; fn give(&mut self) -> Self::Out; fn two(&mut self) -> (Self::Out, Box<dyn Show>) { let it = self.give(); (it.clone(), Box::new(it)) } }
impl<I: Iterator + 'static> Src for I where I::Item: Clone + Show { type Out = I::Item; fn give(&mut self) -> I::Item { self.next().unwrap() } }
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let (slot, kept) = core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }).two();
    slot.set(Some(lent));
    Some(kept)
}
