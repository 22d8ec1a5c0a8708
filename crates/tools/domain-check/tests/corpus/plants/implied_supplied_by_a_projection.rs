//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a projection from a reference type need not be behind the reference.
extern crate alloc;
use alloc::boxed::Box;
pub struct Pair<F, G>(F, G);
pub trait Then<A, C> { fn then(self, a: A) -> C; }
impl<A, C, M, F: FnOnce(A) -> M, G: FnOnce(M) -> C> Then<A, C> for Pair<F, G> { fn then(self, a: A) -> C { (self.1)((self.0)(a)) } }
pub trait Unref { type Of; }
impl<'a, T> Unref for &'a T { type Of = T; }
pub fn give<'a, T>(x: (&'a (), <&'a T as Unref>::Of)) -> &'a T { Box::leak(Box::new(x.1)) }
pub fn take<'a, 'b>(x: &'a &'b u64) -> &'a u64 { x }
pub fn keep<'b>(x: &'b u64) -> &'static u64 { Pair(give::<&'b u64>, take).then((&(), x)) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
