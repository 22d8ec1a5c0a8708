//@ rules: linked-destructor
//! rust-lang/rust#25860: the bound comes from a field's own type, and no lifetime has a name.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
pub struct Link<'a, 'b>(PhantomData<&'a &'b ()>);
pub struct Guard<'a, 'b> { val: Option<&'b u64>, slot: Rc<Cell<Option<&'a u64>>>, mark: Option<Link<'a, 'b>> }
impl Drop for Guard<'_, '_> { fn drop(&mut self) { let Guard { val, slot, .. } = self; slot.set(val.take()); } }
pub fn keep(x: &u64) -> &'static u64 {
    let slot: Rc<Cell<Option<&'static u64>>> = Rc::new(Cell::new(None));
    { let mut guard = Box::new(Guard { val: None, slot: slot.clone(), mark: None }); guard.val = Some(x); }
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
