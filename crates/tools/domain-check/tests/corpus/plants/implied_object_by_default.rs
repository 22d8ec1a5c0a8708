//@ rules: implied-bound
//@ says: fn put relies on `'a: 'b`, which it does not say
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an object without a lifetime has its reference's lifetime if its trait's is late-bound: `'a:
//! 'b`.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
pub trait Keeps<'b>: 'b {
    fn keep(&self, it: &'b u64);
}
impl<'b> Keeps<'b> for Cell<Option<&'b u64>> {
    fn keep(&self, it: &'b u64) {
        self.set(Some(it));
    }
}
fn put<'a, 'b>(to: &'a dyn Keeps<'b>, it: &'a u64) {
    to.keep(it);
}
pub fn keep(it: &u64) -> Option<&'static u64> {
    let put: for<'y> fn(&'static (dyn Keeps<'static> + 'static), &'y u64) = put;
    let kept: &'static Cell<Option<&'static u64>> = Box::leak(Box::new(Cell::new(None)));
    put(kept, it);
    kept.get()
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.map_or(0, |it| *it);
    drop(second);
    seen
}
