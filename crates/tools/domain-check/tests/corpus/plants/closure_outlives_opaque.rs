//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366 without a bound: a hidden type outlives everything that its parameters outlive.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
fn hide<I: Iterator>(_: &I, item: I::Item) -> impl Display + use<I> where I::Item: Display { item }
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> {
    let never = core::iter::repeat_with(|| -> &'a str { "" });
    Box::new(hide(&never, text))
}
