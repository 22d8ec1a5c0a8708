//@ rules: linked-destructor
//! rust-lang/rust#25860: one lifetime, which is declared to be 'static.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
pub struct Guard<'a>(Option<&'a u64>, Rc<Cell<Option<&'static u64>>>) where 'a: 'static;
impl<'a> Drop for Guard<'a> where 'a: 'static { fn drop(&mut self) { self.1.set(self.0.take()); } }
pub fn keep(x: &u64) -> &'static u64 {
    let slot: Rc<Cell<Option<&'static u64>>> = Rc::new(Cell::new(None));
    { let mut guard = Guard(None, slot.clone()); guard.0 = Some(x); }
    slot.get().unwrap_or(&0)
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
