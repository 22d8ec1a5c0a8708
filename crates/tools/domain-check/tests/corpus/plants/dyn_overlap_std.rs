//@ rules: unsafe-code
//@ says: dyn
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#152783, with a trait of the standard library: the trait object is the domain's own.
extern crate alloc;
use alloc::boxed::Box;
use core::ops::Index;
pub trait Named { type Name: ?Sized; }
pub trait Sub: Index<u8, Output = &'static usize> {}
pub struct One;
impl Named for One { type Name = dyn Sub; }
impl<U> Index<U> for <One as Named>::Name {
    type Output = &'static &'static u64;
    fn index(&self, _: U) -> &Self::Output { &&&0 }
}
fn convert<U>(value: &<<One as Named>::Name as Index<U>>::Output) -> &&'static &'static u64 { value }
pub fn peek(address: usize) -> u64 {
    let address: &'static usize = Box::leak(Box::new(address));
    ***convert::<u8>(&address)
}
