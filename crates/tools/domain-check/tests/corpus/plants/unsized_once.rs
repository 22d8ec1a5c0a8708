//@ rules: unproved-type
//! rust-lang/rust#25860: a closure that can be called once passes its capture on.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Num { fn num(&self) -> u64; }
impl Num for Rc<Cell<Option<&u64>>> { fn num(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub fn all<'a, T: Num + Default + Clone>(_: Option<&'a T>) -> (Box<dyn Num + 'a>, T) { let it = T::default(); (Box::new(it.clone()), it) }
pub struct Once<F>(Option<F>);
pub trait Run<R> { fn run(&mut self) -> R; }
impl<R, F: FnOnce() -> R> Run<R> for Once<F> { fn run(&mut self) -> R { (self.0.take().unwrap())() } }
pub fn both<T: Num + Default + Clone>() -> (Box<dyn Num>, T) {
    let none = None;
    let by: &mut dyn Run<(Box<dyn Num>, T)> = &mut Once(Some(move || all(none)));
    by.run()
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
