//@ rules: implied-bound
//@ says: an impl of Drop bounds a parameter
//! rust-lang/rust#25860: a destructor calls a closure without lifetimes of its own.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Num { fn num(&self) -> u64; }
impl Num for Rc<Cell<Option<&u64>>> { fn num(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub struct Last<M: Copy, R, F: Fn(M) -> R> { of: M, by: F, to: Rc<Cell<Option<R>>> }
impl<M: Copy, R, F: Fn(M) -> R> Drop for Last<M, R, F> { fn drop(&mut self) { self.to.set(Some((self.by)(self.of))) } }
pub fn all<'a, T: Num + Default + Clone + 'a>(_: Option<&'a T>) -> (Box<dyn Num + 'a>, T) { let it = T::default(); (Box::new(it.clone()), it) }
pub fn both<T: Num + Default + Clone>() -> (Box<dyn Num>, T) {
    let to: Rc<Cell<Option<(Box<dyn Num>, T)>>> = Rc::new(Cell::new(None));
    { let _last = Last { of: None, by: |it| all(it), to: to.clone() }; }
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
