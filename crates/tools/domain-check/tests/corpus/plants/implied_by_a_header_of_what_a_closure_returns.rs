//@ rules: implied-bound
//@ says: calls a function for M, which stands in neither
//! rust-lang/rust#25860: the header of `Get` implies `'x: 'static`, and the type of the closure's result is not
//! checked.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
type W<T> = (Option<&'static T>, T);
pub trait Get { fn get(self, _: &()) -> &'static u64; }
impl Get for (W<&u64>,) { fn get(self, _: &()) -> &'static u64 { self.0.1 } }
pub struct Via<A, F>(A, F);
pub trait Run<R> { fn run(self) -> R; }
impl<A, M: Get, F: FnOnce(A) -> M> Run<&'static u64> for Via<A, F> { fn run(self) -> &'static u64 { (self.1)(self.0).get(&()) } }
pub fn keep<'x>(x: &'x u64) -> &'static u64 { Via(x, |x: &'x u64| ((None, x),)).run() }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
