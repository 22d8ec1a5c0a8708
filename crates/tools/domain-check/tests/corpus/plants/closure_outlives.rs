//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: a closure outlives all lifetimes that occur only in its result.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
pub trait Returns { type Returned; }
impl<R, F: Fn() -> R> Returns for F { type Returned = R; }
fn boxed<T: Returns + 'static>(_: &T, value: T::Returned) -> Box<dyn Display> where T::Returned: Display { Box::new(value) }
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> {
    let returns = || -> &'a str { "" };
    boxed(&returns, text)
}
