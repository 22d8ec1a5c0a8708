//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
pub trait Show { fn show(&mut self) -> u64; }
impl<I: Iterator> Show for core::iter::Peekable<I> where I::Item: Slot {
    fn show(&mut self) -> u64 { self.peek().map_or(0, |it| it.read()) }
}
pub trait Slot { fn read(&self) -> u64; }
impl Slot for Cell<Option<&u64>> { fn read(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let mut never = core::iter::repeat_with(|| -> Cell<Option<&'a u64>> { Cell::new(None) }).peekable();
    never.peek()?.set(Some(lent));
    Some(Box::new(never))
}
