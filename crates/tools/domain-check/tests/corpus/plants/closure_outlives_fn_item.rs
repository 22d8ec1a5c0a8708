//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#70917, #84366: a function outlives its lifetime arguments too.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::iter::{Peekable, repeat_with};
pub trait Show { fn show(&mut self) -> u64; }
impl<I: Iterator> Show for Peekable<I> where I::Item: Slot {
    fn show(&mut self) -> u64 { self.peek().map_or(0, |it| it.read()) }
}
pub trait Slot { fn read(&self) -> u64; }
impl Slot for Cell<Option<&u64>> { fn read(&self) -> u64 { self.get().map_or(0, |it| *it) } }
fn empty<'a: 'a>() -> Cell<Option<&'a u64>> { Cell::new(None) }
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let mut never = repeat_with(empty::<'a>).peekable();
    never.peek()?.set(Some(lent));
    Some(Box::new(never))
}
