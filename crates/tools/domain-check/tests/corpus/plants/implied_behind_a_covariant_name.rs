//@ rules: implied-bound
//@ says: relies on `'b: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! An alias of a cell has the name of a covariant type. The caller writes to the returned value later.
extern crate alloc;
use alloc::boxed::Box; use alloc::rc::Rc; use core::cell::Cell as Poll;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Poll<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
fn make<'a, 'b>(_: Option<&'a &'b ()>, _: &()) -> (Rc<Poll<Option<&'b u64>>>, Box<dyn Show + 'a>) {
    let slot: Rc<Poll<Option<&'b u64>>> = Rc::default();
    (slot.clone(), Box::new(slot))
}
pub fn keep<'x>(lent: &'x u64) -> Box<dyn Show> {
    let make: fn(Option<&'static &'static ()>, &()) -> (Rc<Poll<Option<&'x u64>>>, Box<dyn Show>) = make;
    let (slot, kept) = make(None, &());
    slot.set(Some(lent));
    kept
}
