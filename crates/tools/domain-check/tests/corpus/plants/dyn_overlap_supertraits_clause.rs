//@ rules: unsafe-code
//! rust-lang/rust#57893, by two supertraits that become one (clause).
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<const N: usize> { type Out: ?Sized; }
pub trait Sub<'x, const N: usize>: Q<N, Out = &'x u64> where Self: Q<0, Out = &'static u64> {}
pub struct F<'x, const N: usize, const M: usize>(&'x <dyn Sub<'x, N> + 'x as Q<M>>::Out) where dyn Sub<'x, N> + 'x: Q<M>;
fn a<'x, const N: usize>(x: &'x &'x u64) -> F<'x, N, N> { F(x) }
fn b<'x, const N: usize>(f: F<'x, N, 0>) -> &'static u64 { *f.0 }
fn both<'x, const N: usize>(x: &'x &'x u64) -> &'static u64 where F<'x, N, N>: Into<F<'x, N, 0>> {
  b::<N>(a::<N>(x).into())
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 { both::<0>(&x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
