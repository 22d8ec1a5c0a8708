//@ rules: linked-destructor
//! rust-lang/rust#25860: the value is dropped inside a type of the library.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
pub struct Guard<'a, 'b> { val: Option<&'b u64>, slot: Rc<Cell<Option<&'a u64>>>, mark: PhantomData<&'a &'b ()> }
impl<'a, 'b> Drop for Guard<'a, 'b> { fn drop(&mut self) { self.slot.set(self.val.take()); } }
pub fn keep(x: &u64) -> &'static u64 {
    let slot: Rc<Cell<Option<&'static u64>>> = Rc::new(Cell::new(None));
    { let mut guard = Some((Guard { val: None, slot: slot.clone(), mark: PhantomData }, 1)); if let Some((it, _)) = &mut guard { it.val = Some(x); } }
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
