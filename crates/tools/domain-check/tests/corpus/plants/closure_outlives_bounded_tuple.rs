//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use core::marker::PhantomData;
use alloc::boxed::Box; use core::fmt::Display;
pub trait Returns { type Returned; }
impl<R, F: Fn() -> R> Returns for F { type Returned = R; }
fn boxed<T: Returns>(_: &T, value: T::Returned) -> Box<dyn Display> where T::Returned: Display, (T,): 'static { Box::new(value) }
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> { let returns = || -> &'a str { "" }; boxed(&returns, text) }
