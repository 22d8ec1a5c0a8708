//@ rules: unproved-type
//! rust-lang/rust#25860: a destructor calls a function pointer that was made from a closure, with a type that no path
//! names.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Num { fn num(&self) -> u64; }
impl Num for Rc<Cell<Option<&u64>>> { fn num(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub fn all<'a, T: Num + Default + Clone>(_: Option<&'a T>) -> (Box<dyn Num + 'a>, T) { let it = T::default(); (Box::new(it.clone()), it) }
pub struct Last<M, R> { of: Option<M>, by: fn(M) -> R, to: Rc<Cell<Option<R>>> }
impl<M, R> Drop for Last<M, R> { fn drop(&mut self) { if let Some(of) = self.of.take() { self.to.set(Some((self.by)(of))) } } }
pub fn both<T: Num + Default + Clone>() -> (Box<dyn Num>, T) {
    let to: Rc<Cell<Option<(Box<dyn Num>, T)>>> = Rc::new(Cell::new(None));
    { let _last = Last { of: Some(None), by: |it| all(it), to: to.clone() }; }
    to.take().unwrap()
}
pub fn keep<'x>(x: &'x u64) -> Box<dyn Num> {
    let (kept, slot): (_, Rc<Cell<Option<&'x u64>>>) = both();
    slot.set(Some(x));
    kept
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.num();
    drop(second);
    seen
}
