//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a clause makes a parameter `'static` under another name: it names an associated type that is
//! equal to the parameter.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Gives { type Of: Show + Clone; fn give(&mut self) -> Option<Self::Of>; }
impl<I: Iterator> Gives for I where I::Item: Show + Clone { type Of = I::Item; fn give(&mut self) -> Option<I::Item> { self.next() } }
pub trait Has { type It; fn it(self) -> Self::It; }
pub struct Own<T>(T);
impl<T> Has for Own<T> { type It = T; fn it(self) -> T { self.0 } }
fn split<H: Has<It = T>, T: Gives>(it: H) -> Option<(T::Of, Box<dyn Show>)> where H::It: 'static {
    let it = it.it().give()?;
    Some((it.clone(), Box::new(it)))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let (slot, kept) = split(Own(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() })))?;
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
