//@ rules: implied-bound
//@ says: calls a function for M, which stands in neither
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an iterator of the domain's own returns its closure's result: a type whose bounds are never
//! proved.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Num { fn num(&self) -> u64; }
impl Num for Rc<Cell<Option<&u64>>> { fn num(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub struct Gen<F>(F);
impl<F: FnMut() -> M, M> Iterator for Gen<F> { type Item = M; fn next(&mut self) -> Option<M> { Some((self.0)()) } }
pub fn both<'a, T: Num + Default + Clone>(_: Option<&'a T>) -> (Box<dyn Num + 'a>, T) { let it = T::default(); (Box::new(it.clone()), it) }
pub fn keep<'b>(x: &'b u64) -> Option<Box<dyn Num>> {
    let (kept, slot) = Gen(|| None).map(both::<Rc<Cell<Option<&'b u64>>>>).next()?;
    slot.set(Some(x));
    Some(kept)
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.map_or(0, |it| it.num());
    drop(second);
    seen
}
