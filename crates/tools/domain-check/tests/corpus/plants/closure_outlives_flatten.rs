//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
use core::iter::Flatten;
pub struct Source<'a>(Rc<Cell<Option<&'a u64>>>);
impl<'a> Iterator for Source<'a> {
    type Item = Rc<Cell<Option<&'a u64>>>;
    fn next(&mut self) -> Option<Self::Item> { Some(self.0.clone()) }
}
pub trait Slot { fn read(&self) -> u64; }
impl Slot for Rc<Cell<Option<&u64>>> { fn read(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Show { fn show(&mut self) -> u64; }
impl<I: Iterator> Show for Flatten<I> where I::Item: IntoIterator<Item: Slot> {
    fn show(&mut self) -> u64 { self.next().map_or(0, |it| it.read()) }
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let mut all = core::iter::repeat_with(|| -> Source<'a> { Source(Rc::default()) }).flatten();
    all.next()?.set(Some(lent));
    Some(Box::new(all))
}
