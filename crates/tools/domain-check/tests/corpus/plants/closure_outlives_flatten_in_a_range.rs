//@ rules: implied-bound
//@ says: flatten
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366 in `Flatten`: `..iter().flatten()` is not a collection's iterator, because `iter` is a
//! variable.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
use core::iter::Flatten;
pub struct Source<'a>(Rc<Cell<Option<&'a u64>>>);
impl<'a> Iterator for Source<'a> {
    type Item = Rc<Cell<Option<&'a u64>>>;
    fn next(&mut self) -> Option<Rc<Cell<Option<&'a u64>>>> { Some(self.0.clone()) }
}
pub trait Slot { fn read(&self) -> u64; }
impl Slot for Rc<Cell<Option<&u64>>> { fn read(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Show { fn show(&mut self) -> u64; }
impl<I: Iterator<Item = S>, S: IntoIterator<Item = R>, R: Slot> Show for Flatten<I> {
    fn show(&mut self) -> u64 { self.next().map_or(0, |it| it.read()) }
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let iter = || core::iter::repeat_with(|| -> Source<'a> { Source(Rc::default()) });
    let mut all = (..iter().flatten()).end;
    all.next()?.set(Some(lent));
    Some(Box::new(all))
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.map_or(0, |mut it| it.show());
    drop(second);
    seen
}
