//@ rules: implied-bound
//@ says: trait Source names a type that is projected from its parameter I
#![no_std]
#![forbid(unsafe_code)]
//! Iterators of the standard library have a closure's result as their associated type. No impl of the domain has one.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
pub trait Source<I: Iterator> { fn give(self) -> I::Item; }
pub struct Wrap<R>(pub R);
impl<R, I: Iterator<Item = R>> Source<I> for Wrap<R> { fn give(self) -> R { self.0 } }
fn boxed<I: Iterator + 'static, S: Source<I>>(_: &I, source: S) -> Box<dyn Display> where I::Item: Display { Box::new(source.give()) }
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> {
    boxed(&core::iter::repeat_with(|| -> &'a str { "" }), Wrap(text))
}
