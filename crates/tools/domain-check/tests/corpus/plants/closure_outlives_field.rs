//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366 without a bound: a type outlives the projection in its field.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::{Debug, Display};
pub struct Hold<I: Iterator>(I::Item);
pub trait Show { fn show(&self) -> &dyn Debug; }
impl<I: Iterator> Show for Hold<I> where I::Item: Debug { fn show(&self) -> &dyn Debug { &self.0 } }
fn hold<I: Iterator>(_: &I, item: I::Item) -> Hold<I> where I::Item: Display { Hold(item) }
pub fn keep(text: &str) -> Box<dyn Show> {
    let never = core::iter::repeat_with(|| "");
    Box::new(hold(&never, text))
}
