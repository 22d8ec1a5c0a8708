//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a trait object in an alias's argument has the lifetime by which the alias bounds this
//! parameter.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
pub trait Keeps<'b>: 'b { fn keep(&self, it: &'b u64); }
impl<'b> Keeps<'b> for Cell<Option<&'b u64>> { fn keep(&self, it: &'b u64) { self.set(Some(it)); } }
pub type R<'a, 'c, T: 'c> = (&'a T, [&'c (); 0]);
fn put<'a, 'b, 'c>(to: R<'a, 'c, dyn Keeps<'b>>, it: &'c u64) { to.0.keep(it); }
pub fn keep(it: &u64) -> &'static u64 {
    let put: for<'y> fn((&'static (dyn Keeps<'static> + 'static), [&'static (); 0]), &'y u64) = put;
    let kept: &'static Cell<Option<&'static u64>> = Box::leak(Box::new(Cell::new(None)));
    put((kept, []), it);
    kept.get().unwrap()
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
