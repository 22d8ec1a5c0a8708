//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: another type of the same name would imply the bound, but this is no proof of it.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ops::Deref;
pub struct Pair<F, G>(F, G);
pub trait Then<A, B, C> { fn then(self, a: A, b: B) -> C; }
impl<A, B, C, M: Deref<Target = Cell<Option<B>>>, F: FnOnce(A) -> M, G: FnOnce(M) -> C> Then<A, B, C> for Pair<F, G> {
    fn then(self, a: A, b: B) -> C { let place = (self.0)(a); place.set(Some(b)); (self.1)(place) }
}
pub mod d { pub struct Own<'x, T>(pub &'x T); }
pub struct Own<'x, T>(pub core::marker::PhantomData<(&'x (), T)>);
impl<'x, T: Default> Own<'x, T> {
    pub fn mint<'a>(_: &'a &'x ()) -> &'a T { Box::leak(Box::new(T::default())) }
}
pub fn take<'a, 'b>(place: &'a Cell<Option<&'b u64>>) -> &'a u64 { place.get().unwrap_or(&0) }
pub fn keep<'b>(x: &'b u64) -> &'static u64 { Pair(Own::<'static, Cell<Option<&'b u64>>>::mint, take).then(&&(), x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
