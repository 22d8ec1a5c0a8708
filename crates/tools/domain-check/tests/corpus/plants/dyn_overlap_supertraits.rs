//@ rules: unsafe-code
//! rust-lang/rust#57893, by two supertraits that become one when a number is known: an object has two associated
//! types of one name.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<const N: usize> { type Out: ?Sized; }
pub trait Sub<'x, const N: usize>: Q<N, Out = &'x u64> + Q<0, Out = &'static u64> {}
pub trait Hold<'x, const N: usize, const M: usize> where dyn Sub<'x, N> + 'x: Q<M> { fn get(&self) -> Box<<dyn Sub<'x, N> + 'x as Q<M>>::Out>; }
pub struct V<'x>(&'x u64);
impl<'x, const N: usize> Hold<'x, N, N> for V<'x> { fn get(&self) -> Box<&'x u64> { Box::new(self.0) } }
pub trait Same<T> { fn same(self) -> T; }
impl<T> Same<T> for T { fn same(self) -> T { self } }
fn a<'x, const N: usize>(x: &'x u64) -> Box<dyn Hold<'x, N, N> + 'x> { Box::new(V(x)) }
fn b<'x, const N: usize>(f: Box<dyn Hold<'x, N, 0> + 'x>) -> &'static u64 { *f.get() }
fn both<'x, const N: usize>(x: &'x u64) -> &'static u64 where Box<dyn Hold<'x, N, N> + 'x>: Same<Box<dyn Hold<'x, N, 0> + 'x>> {
  b::<N>(a::<N>(x).same())
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 { both::<0>(x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
