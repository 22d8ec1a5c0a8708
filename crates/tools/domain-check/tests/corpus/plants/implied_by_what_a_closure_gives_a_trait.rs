//@ rules: implied-bound
//@ says: calls a function for M, which stands in neither
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a closure returns a type whose bounds are never proved, and an impl of a trait uses these
//! bounds.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::Deref;
pub trait Mint { type Of; fn mint(self) -> Self::Of; }
impl<'a, T: Default> Mint for PhantomData<&'a T> { type Of = &'a T; fn mint(self) -> &'a T { Box::leak(Box::new(T::default())) } }
pub struct Via<F, H>(F, H);
pub trait Run<B, C> { fn run(self, b: B) -> C; }
impl<B, C, M: Mint<Of = P>, P: Deref<Target = Cell<Option<B>>>, F: FnOnce() -> M, H: FnOnce(P) -> C> Run<B, C> for Via<F, H> {
    fn run(self, b: B) -> C { let place = (self.0)().mint(); place.set(Some(b)); (self.1)(place) }
}
pub fn take<'a, 'b>(place: &'a Cell<Option<&'b u64>>) -> &'a u64 { place.get().unwrap_or(&0) }
pub fn keep<'b>(x: &'b u64) -> &'static u64 { Via(|| PhantomData, take).run(x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
