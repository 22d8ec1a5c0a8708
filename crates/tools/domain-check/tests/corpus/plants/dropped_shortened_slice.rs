//@ rules: linked-destructor
//! rust-lang/rust#25860: fields of everyday types imply the bound.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
pub struct Guard<'a, 'b> { all: &'a [&'b u64], val: Option<&'b u64>, slot: Rc<Cell<Option<&'a u64>>> }
impl Drop for Guard<'_, '_> { fn drop(&mut self) { self.slot.set(self.val.or(self.all.first().copied())); } }
pub fn keep(x: &u64) -> &'static u64 {
    let slot: Rc<Cell<Option<&'static u64>>> = Rc::new(Cell::new(None));
    { let mut guard = Guard { all: &[], val: None, slot: slot.clone() }; guard.val = Some(x); }
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
