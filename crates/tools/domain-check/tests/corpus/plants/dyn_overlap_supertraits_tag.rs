//@ rules: unsafe-code
//! rust-lang/rust#57893, by two supertraits that become one (tag).
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<P> { type Out: ?Sized; }
pub trait Sub<'x, const N: usize>: Q<Tag<N>, Out = &'x u64> + Q<Tag<0>, Out = &'static u64> {}
pub trait Hold<'x, const N: usize, const M: usize> where dyn Sub<'x, N> + 'x: Q<Tag<M>> { fn get(&self) -> Box<<dyn Sub<'x, N> + 'x as Q<Tag<M>>>::Out>; }
pub struct Tag<const N: usize>;
pub struct V<'x>(&'x u64);
impl<'x, const N: usize> Hold<'x, N, N> for V<'x> { fn get(&self) -> Box<&'x u64> { Box::new(self.0) } }
fn a<'x, const N: usize>(x: &'x u64) -> Box<dyn Hold<'x, N, N> + 'x> { Box::new(V(x)) }
fn b<'x, const N: usize>(f: Box<dyn Hold<'x, N, 0> + 'x>) -> &'static u64 { *f.get() }
fn both<'x, const N: usize>(x: &'x u64) -> &'static u64 where Box<dyn Hold<'x, N, N> + 'x>: Into<Box<dyn Hold<'x, N, 0> + 'x>> {
  b::<N>(a::<N>(x).into())
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
