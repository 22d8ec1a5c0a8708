//@ rules: linked-destructor
//! rust-lang/rust#25860: two exclusive references to one variable.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
pub struct Guard<'a, 'b> { val: Option<&'b mut u64>, slot: Rc<Cell<Option<&'a mut u64>>>, mark: PhantomData<&'a &'b ()> }
impl<'a, 'b> Drop for Guard<'a, 'b> { fn drop(&mut self) { self.slot.set(self.val.take()); } }
pub fn stat(x: &mut u64) -> Option<&'static mut u64> {
    let slot = Rc::new(Cell::new(None));
    { let mut guard = Guard { val: None, slot: slot.clone(), mark: PhantomData }; guard.val = Some(x); }
    slot.take()
}
pub fn keep(_: &u64) -> &'static u64 {
    let mut one = 5; let a = stat(&mut one); let b = stat(&mut one);
    if let (Some(a), Some(b)) = (a, b) { *a = 1; *b = 2; assert!(*a == 2); }
    &0
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
