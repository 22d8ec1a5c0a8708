//@ rules: unproved-type
//! try
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
pub struct Guard<'a, 'b: 'c, 'c> { val: Option<&'b u64>, slot: &'a Cell<Option<&'c u64>> }
impl<'a, 'b: 'c, 'c> Drop for Guard<'a, 'b, 'c> { fn drop(&mut self) { self.slot.set(self.val.take()); } }
pub fn keep(x: &u64) -> &'static u64 {
    let slot: Cell<Option<&'static u64>> = Cell::new(None);
    { let mut guard = Guard { val: None, slot: &slot }; guard.val = Some(x); }
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
