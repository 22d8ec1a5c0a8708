//@ rules: implied-bound
//@ says: for<
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161864, where a value is dropped.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
pub trait Shorten<'a> { fn shorten(self) -> Box<dyn Display + 'a>; }
impl<'a, T: Display + 'a> Shorten<'a> for T { fn shorten(self) -> Box<dyn Display + 'a> { Box::new(self) } }
pub trait Read { fn read(&self) -> usize; }
impl<'a, X> Read for X where for<'b> &'b X: Shorten<'a>, X: Clone {
    fn read(&self) -> usize {
        let dangling = { let on_stack = self.clone(); (&on_stack).shorten() };
        alloc::format!("{dangling}").len()
    }
}
pub trait Reader: Read {}
impl Reader for u64 {}
pub fn read() -> usize { (&7_u64 as &dyn Reader).read() }
