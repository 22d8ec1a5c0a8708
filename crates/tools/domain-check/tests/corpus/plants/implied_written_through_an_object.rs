//@ rules: implied-bound
//@ says: relies on `'b: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! A method of the result brings the value in. The type of the result names the value's type in an associated type.
extern crate alloc;
use alloc::boxed::Box; use alloc::rc::Rc; use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Slot { type In; fn put(&self, value: Self::In); }
impl<'b> Slot for Rc<Cell<Option<&'b u64>>> { type In = &'b u64; fn put(&self, value: &'b u64) { self.set(Some(value)); } }
fn make<'a, 'b>(_: Option<&'a &'b ()>, _: &()) -> (Box<dyn Slot<In = &'b u64> + 'b>, Box<dyn Show + 'a>) {
    let slot: Rc<Cell<Option<&'b u64>>> = Rc::default();
    (Box::new(slot.clone()), Box::new(slot))
}
pub fn keep<'x>(lent: &'x u64) -> Box<dyn Show> {
    let make: fn(Option<&'static &'static ()>, &()) -> (Box<dyn Slot<In = &'x u64> + 'x>, Box<dyn Show>) = make;
    let (slot, kept) = make(None, &());
    slot.put(lent);
    kept
}
