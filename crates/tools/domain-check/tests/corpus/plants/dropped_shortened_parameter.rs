//@ rules: linked-destructor
//! rust-lang/rust#25860: a parameter becomes shorter, and its destructor makes a long-lived object of it.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
pub trait Get { fn get(&self) {} }
pub struct Any<T>(T);
impl<T> Get for Any<T> {}
fn boxed<'a, T: 'a>(it: T) -> Box<dyn Get + 'a> { Box::new(Any(it)) }
pub struct Guard<'a, T> { val: Option<T>, slot: Rc<Cell<Option<Box<dyn Get + 'a>>>>, mark: PhantomData<&'a T> }
impl<'a, T> Drop for Guard<'a, T> { fn drop(&mut self) { if let Some(it) = self.val.take() { self.slot.set(Some(boxed(it))); } } }
pub struct Reads<'b>(&'b u64, Rc<Cell<u64>>);
impl Drop for Reads<'_> { fn drop(&mut self) { self.1.set(*self.0); } }
pub fn keep(x: &u64, to: Rc<Cell<u64>>) -> Option<Box<dyn Get>> {
    let slot: Rc<Cell<Option<Box<dyn Get>>>> = Rc::new(Cell::new(None));
    { let mut guard = Guard { val: None, slot: slot.clone(), mark: PhantomData }; guard.val = Some(Reads(x, to)); }
    slot.take()
}
pub fn freed() -> u64 {
    let seen = Rc::new(Cell::new(0));
    let first = Box::new(1_u64);
    let kept = keep(&first, seen.clone());
    drop(first);
    let second = Box::new(0xdead_u64);
    drop(kept);
    drop(second);
    seen.get()
}
