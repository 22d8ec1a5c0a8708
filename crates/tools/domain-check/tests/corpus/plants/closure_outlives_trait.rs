//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366 in a trait's own method: from `Self: 'static` the compiler concludes `Self::Item: 'static`.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
pub trait Keep: Iterator + 'static where Self::Item: Display {
    fn boxed(&self, item: Self::Item) -> Box<dyn Display> { Box::new(item) }
}
impl<I: Iterator + 'static> Keep for I where I::Item: Display {}
pub fn keep(text: &str) -> Box<dyn Display> {
    core::iter::repeat_with(|| "").boxed(text)
}
