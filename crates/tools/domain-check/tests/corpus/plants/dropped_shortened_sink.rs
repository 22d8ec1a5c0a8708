//@ rules: linked-destructor
//! rust-lang/rust#25860: the destructor passes the reference on by a function pointer.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
pub struct Guard<'a, 'b: 'a> { val: Option<&'b u64>, put: fn(&'a u64, &Cell<Option<&'static u64>>), slot: &'a Cell<Option<&'static u64>> }
impl<'a, 'b: 'a> Drop for Guard<'a, 'b> { fn drop(&mut self) { if let Some(it) = self.val { (self.put)(it, self.slot); } } }
pub fn put(it: &'static u64, to: &Cell<Option<&'static u64>>) { to.set(Some(it)); }
pub fn keep(x: &u64) -> &'static u64 {
    let slot: &'static mut Cell<Option<&'static u64>> = Box::leak(Box::new(Cell::new(None)));
    { let mut guard = Guard { val: None, put, slot: &*slot }; guard.val = Some(x); }
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
