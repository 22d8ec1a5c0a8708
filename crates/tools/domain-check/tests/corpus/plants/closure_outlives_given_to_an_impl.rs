//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! Bounds of the impl bring the value in, and no signature repeats these bounds.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
pub trait Source { type Out; fn give(self) -> Self::Out; }
pub struct Wrap<R>(pub R);
impl<R> Source for Wrap<R> { type Out = R; fn give(self) -> R { self.0 } }
pub struct Pair<I, S>(I, S);
impl<I: Iterator + 'static, S: Source<Out = I::Item>> Pair<I, S> where I::Item: Display {
    fn boxed(self) -> Box<dyn Display> { Box::new(self.1.give()) }
}
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> {
    Pair(core::iter::repeat_with(|| -> &'a str { "" }), Wrap(text)).boxed()
}
