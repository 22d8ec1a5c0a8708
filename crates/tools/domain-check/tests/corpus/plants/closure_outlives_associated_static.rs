//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a bound makes an associated type `'static`, so the compiler assumes the same of that type's
//! own associated type.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Gives { type Of: Show + Clone; fn give(&mut self) -> Option<Self::Of>; }
impl<I: Iterator> Gives for I where I::Item: Show + Clone { type Of = I::Item; fn give(&mut self) -> Option<I::Item> { self.next() } }
pub trait Has { type It: 'static; fn it(self) -> Self::It; }
pub struct Own<T>(T);
impl<T: Iterator<Item = R> + 'static, R> Has for Own<T> { type It = T; fn it(self) -> T { self.0 } }
fn split<H: Has>(it: H) -> Option<(<H::It as Gives>::Of, Box<dyn Show>)> where H::It: Gives {
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
