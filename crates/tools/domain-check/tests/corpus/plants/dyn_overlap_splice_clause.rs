//@ rules: unsafe-code
//! rust-lang/rust#57893, by `Fn` and `FnMut`, which have `FnOnce` above them (clause).
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::vec::{Splice, Vec};
use alloc::vec;
use core::iter::{Map, Once};
use core::marker::PhantomData;
pub struct Tag<const N: usize>;
pub trait Sub<'x, const N: usize>: Fn(Tag<N>) -> &'x u64 where Self: FnMut(Tag<0>) -> &'static u64 {}
pub struct W<I>(PhantomData<I>);
impl<I: Iterator<Item = R>, R> Iterator for W<I> { type Item = R; fn next(&mut self) -> Option<R> { None } }

fn a<'a, 'x: 'a, const N: usize>(all: &'a mut Vec<&'x u64>) -> Splice<'a, W<Map<Once<Tag<N>>, Box<dyn Sub<'x, N> + 'x>>>> { all.splice(.., W(PhantomData)) }
fn b<'a, 'x: 'a, const N: usize>(mut f: Splice<'a, W<Map<Once<Tag<0>>, Box<dyn Sub<'x, N> + 'x>>>>) -> Option<&'static u64> { f.next() }
fn both<'a, 'x: 'a, const N: usize>(all: &'a mut Vec<&'x u64>) -> Option<&'static u64> where Splice<'a, W<Map<Once<Tag<N>>, Box<dyn Sub<'x, N> + 'x>>>>: Into<Splice<'a, W<Map<Once<Tag<0>>, Box<dyn Sub<'x, N> + 'x>>>>> {
  b::<N>(a::<N>(all).into())
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 { let mut all = vec![x]; match both::<0>(&mut all) { Some(it) => it, None => &0 } }

pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
