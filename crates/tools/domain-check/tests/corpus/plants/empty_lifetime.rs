//@ rules: implied-bound
//@ says: for<
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161864: a lifetime that occurs only in an impl becomes the empty lifetime, which everything
//! outlives.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
pub trait Shorten<'a> { fn shorten(self) -> Box<dyn Display + 'a>; }
impl<'a, T: Display + 'a> Shorten<'a> for T {
    fn shorten(self) -> Box<dyn Display + 'a> { Box::new(self) }
}
pub trait Read { fn read(&self) -> u64; }
impl<'a> Read for () where for<'b> &'b u64: Shorten<'a> {
    fn read(&self) -> u64 {
        let dangling = { let on_stack = 7; (&on_stack).shorten() };
        alloc::format!("{dangling}").len() as u64
    }
}
pub trait Reader: Read {}
impl Reader for () {}
pub fn read() -> u64 { (&() as &dyn Reader).read() }
