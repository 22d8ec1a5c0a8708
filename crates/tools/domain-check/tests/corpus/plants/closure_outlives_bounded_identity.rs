//@ rules: implied-bound
//@ says: outlive
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box; use core::fmt::Display;
pub trait Id { type T; } impl<T> Id for T { type T = T; }
fn boxed<I: Iterator>(_: &I, v: I::Item) -> Box<dyn Display> where I::Item: Display, <I as Id>::T: 'static { Box::new(v) }
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> { boxed(&core::iter::repeat_with(|| -> &'a str { "" }), text) }
