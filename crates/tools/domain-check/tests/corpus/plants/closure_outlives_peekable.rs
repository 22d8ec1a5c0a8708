//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366 with a projection in a field of the standard library's own type.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Debug;
pub trait Show { fn show(&mut self) -> Option<&dyn Debug>; }
impl<I: Iterator> Show for core::iter::Peekable<I> where I::Item: Debug {
    fn show(&mut self) -> Option<&dyn Debug> { self.peek().map(|it| it as &dyn Debug) }
}
pub fn keep(text: &str) -> Option<Box<dyn Show>> {
    let mut never = core::iter::repeat_with(|| "").peekable();
    *never.peek_mut()? = text;
    Some(Box::new(never))
}
