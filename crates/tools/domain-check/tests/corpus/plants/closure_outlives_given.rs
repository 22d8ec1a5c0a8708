//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
pub trait Returns { type Returned; }
impl<R, F: Fn() -> R> Returns for F { type Returned = R; }
pub trait Source<T: Returns> { fn give(self) -> T::Returned; }
pub struct Wrap<R>(pub R);
impl<R, T: Returns<Returned = R>> Source<T> for Wrap<R> { fn give(self) -> R { self.0 } }
fn boxed<T: Returns + 'static, S: Source<T>>(_: &T, source: S) -> Box<dyn Display> where T::Returned: Display { Box::new(source.give()) }
pub fn keep<'a>(text: &'a str) -> Box<dyn Display> {
    let returns = || -> &'a str { "" };
    boxed(&returns, Wrap(text))
}
