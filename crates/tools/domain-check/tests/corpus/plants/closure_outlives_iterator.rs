//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366, without an impl of the domain's own: an iterator outlives a lifetime that occurs only in its
//! closure's result.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
fn boxed<I: Iterator + 'static>(_: &I, item: I::Item) -> Box<dyn Display> where I::Item: Display { Box::new(item) }
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> {
    let never = core::iter::repeat_with(|| -> &'a str { "" });
    boxed(&never, text)
}
