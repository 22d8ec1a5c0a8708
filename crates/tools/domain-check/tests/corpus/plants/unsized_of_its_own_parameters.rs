//@ rules: unproved-type
//! rust-lang/rust#25860: a closure of a function with late-bound lifetimes becomes a trait object.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Num { fn num(&self) -> u64; }
impl Num for Rc<Cell<Option<&u64>>> { fn num(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub fn both<'a: 'a, T: Num + Default + Clone>(_: Option<&'a T>) -> (Box<dyn Num + 'a>, T) { let it = T::default(); (Box::new(it.clone()), it) }
pub struct Via<M, F>(M, F);
pub trait Run<R> { fn run(&self) -> R; }
impl<M: Copy, R, F: Fn(M) -> R> Run<R> for Via<M, F> { fn run(&self) -> R { (self.1)(self.0) } }
pub fn keep<'x>(x: &'x u64) -> Box<dyn Num> {
    let by: &dyn Run<(Box<dyn Num>, Rc<Cell<Option<&'x u64>>>)> = &Via(None, both);
    let (kept, slot) = by.run();
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
