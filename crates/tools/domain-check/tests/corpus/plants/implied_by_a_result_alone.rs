//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: only the result implies the bound. The function returns an empty place with a lifetime that
//! is too long, and the place is filled later.
extern crate alloc;
use alloc::boxed::Box;
use core::ops::DerefMut;
pub struct Pair<F, G>(F, G);
pub trait Then<A, B, C> { fn then(self, a: A, b: B) -> C; }
impl<A, B, C, M: DerefMut<Target = Option<B>>, F: FnOnce(A) -> M, G: FnOnce(M) -> C> Then<A, B, C> for Pair<F, G> {
    fn then(self, a: A, b: B) -> C { let mut place = (self.0)(a); *place = Some(b); (self.1)(place) }
}
pub fn mint<'a, T>(_: &'a ()) -> &'a mut Option<T> { Box::leak(Box::new(None)) }
pub fn take<'a, 'b>(place: &'a mut Option<&'b u64>) -> &'a u64 { place.unwrap_or(&0) }
pub fn keep<'b>(x: &'b u64) -> &'static u64 { Pair(mint, take).then(&(), x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
