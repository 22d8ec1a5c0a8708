//@ rules: implied-bound
//@ says: calls a function for M
//! rust-lang/rust#25860: a bound says that `M` is the item of an iterator of which there is no value. Everyday
//! methods rely on this bound.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ops::Deref;
pub trait Get { type Of; fn get(self) -> Self::Of; }
impl<'a, T: Default> Get for Option<&'a T> { type Of = &'a T; fn get(self) -> &'a T { self.unwrap_or_else(|| Box::leak(Box::new(T::default()))) } }
impl<'a, 'b> Get for &'a Cell<Option<&'b u64>> { type Of = &'a u64; fn get(self) -> &'a u64 { Cell::get(self).unwrap_or(&0) } }
pub struct Via<A, F>(A, F);
pub trait Run<B, C> { fn run(self, b: B) -> C; }
impl<A, B, C, M: Get<Of = P>, P: Deref<Target = Cell<Option<B>>> + Get<Of = C>, F: FnOnce(A) -> M> Run<B, C> for Via<A, F> where core::iter::Empty<M>: Iterator<Item = M> {
    fn run(self, b: B) -> C { let place = (self.1)(self.0).get(); place.set(Some(b)); place.get() }
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 { Via((), |_: ()| None).run(x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
