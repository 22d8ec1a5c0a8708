//@ rules: implied-bound
//@ says: IntoIterator
#![no_std]
#![forbid(unsafe_code)]
//! The plant closure_outlives_flat_map, with `Self::Item` in place of `I::Item`.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub struct Mine<I>(I);
pub struct Handles<R>(R);
impl<R: Clone> Iterator for Handles<R> { type Item = R; fn next(&mut self) -> Option<R> { Some(self.0.clone()) } }
impl<I: Iterator> IntoIterator for Mine<I> where I::Item: Clone {
    type Item = I::Item;
    type IntoIter = Handles<Self::Item>;
    fn into_iter(mut self) -> Handles<I::Item> { Handles(self.0.next().unwrap()) }
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Iterator<Item = u64>>> {
    let new = || -> Rc<Cell<Option<&'a u64>>> { Rc::default() };
    let mut all = core::iter::once(0).flat_map(move |_| Mine(core::iter::repeat_with(new)));
    all.next()?.set(Some(lent));
    Some(Box::new(all.map(|it| it.get().map_or(0, |it| *it))))
}
