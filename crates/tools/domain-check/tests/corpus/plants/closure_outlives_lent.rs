//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: an associated type with `'static` as its argument implies that its implementor is `'static`.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Gives { type Of: Show + Clone; fn give(&mut self) -> Option<Self::Of>; }
impl<I: Iterator> Gives for I where I::Item: Show + Clone { type Of = I::Item; fn give(&mut self) -> Option<I::Item> { self.next() } }
pub trait Lends { type Lent<'b> where Self: 'b; }
impl<I: Iterator> Lends for I { type Lent<'b> = () where Self: 'b; }
fn split<T: Lends + Gives>(mut it: T, _: Option<T::Lent<'static>>) -> Option<(T::Of, Box<dyn Show>)> {
    let it = it.give()?;
    Some((it.clone(), Box::new(it)))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let (slot, kept) = split(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }), None)?;
    slot.set(Some(lent));
    Some(kept)
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.map_or(0, |it| it.show());
    drop(second);
    seen
}
