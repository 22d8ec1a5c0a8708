//@ rules: linked-destructor
//! rust-lang/rust#25860: the bound is a clause on a tuple, and no lifetime is a parameter.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
pub struct Guard<T>(Option<T>, Rc<Cell<Option<Box<dyn Get>>>>) where (T,): 'static;
pub trait Get { fn get(&self) {} }
pub struct Any<T>(T);
impl<T> Get for Any<T> {}
fn boxed<T: 'static>(it: T) -> Box<dyn Get> { Box::new(Any(it)) }
impl<T> Drop for Guard<T> where (T,): 'static { fn drop(&mut self) { if let Some(it) = self.0.take() { self.1.set(Some(boxed(it))); } } }
pub struct Reads<'b>(&'b u64, Rc<Cell<u64>>);
impl Drop for Reads<'_> { fn drop(&mut self) { self.1.set(*self.0); } }
pub fn held(x: &u64, to: Rc<Cell<u64>>) -> Option<Box<dyn Get>> {
    let slot: Rc<Cell<Option<Box<dyn Get>>>> = Rc::new(Cell::new(None));
    { let mut guard = Guard(None, slot.clone()); guard.0 = Some(Reads(x, to)); }
    slot.take()
}
pub fn keep(_: &u64) -> &'static u64 {
    let seen = Rc::new(Cell::new(0));
    let first = Box::new(1_u64);
    let kept = held(&first, seen.clone());
    drop(first);
    let second = Box::new(0xdead_u64);
    drop(kept); drop(second);
    assert!(seen.get() != 1, "read freed: {:x}", seen.get());
    &0
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
