//@ rules: unsafe-code
//! rust-lang/rust#57893, by `Fn` and `FnMut`, which have `FnOnce` above them (mut).
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::vec::{Splice, Vec};
use alloc::vec;
use core::iter::{Map, Once};
use core::marker::PhantomData;
pub struct Tag<const N: usize>;
pub trait Sub<'x, const N: usize>: Fn(Tag<N>) -> &'x mut u64 + FnMut(Tag<0>) -> &'static mut u64 {}
pub struct W<I>(PhantomData<I>);
impl<I: Iterator<Item = R>, R> Iterator for W<I> { type Item = R; fn next(&mut self) -> Option<R> { None } }

fn a<'a, 'x: 'a, const N: usize>(all: &'a mut Vec<&'x mut u64>) -> Splice<'a, W<Map<Once<Tag<N>>, Box<dyn Sub<'x, N> + 'x>>>> { all.splice(.., W(PhantomData)) }
fn b<'a, 'x: 'a, const N: usize>(mut f: Splice<'a, W<Map<Once<Tag<0>>, Box<dyn Sub<'x, N> + 'x>>>>) -> Option<&'static mut u64> { f.next() }
fn both<'a, 'x: 'a, const N: usize>(all: &'a mut Vec<&'x mut u64>) -> Option<&'static mut u64> where Splice<'a, W<Map<Once<Tag<N>>, Box<dyn Sub<'x, N> + 'x>>>>: Into<Splice<'a, W<Map<Once<Tag<0>>, Box<dyn Sub<'x, N> + 'x>>>>> {
  b::<N>(a::<N>(all).into())
}
pub fn keep<'x>(x: &'x mut u64) -> Option<&'static mut u64> { let mut all = vec![x]; both::<0>(&mut all) }

pub fn freed() -> u64 {
    let mut first = Box::new(1_u64);
    let kept = keep(&mut first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.map_or(0, |it| *it);
    drop(second);
    seen
}
