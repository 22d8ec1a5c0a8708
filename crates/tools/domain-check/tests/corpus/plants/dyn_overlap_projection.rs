//@ rules: unsafe-code
//@ says: dyn Object
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#152783, without an alias: a projection stands for the object, and the trait has a parameter.
extern crate alloc;
use alloc::boxed::Box;
pub trait Named { type Name: ?Sized; }
pub trait Object<U> { type Output; }
pub struct One;
impl Named for One { type Name = dyn Object<u8, Output = &'static usize>; }
impl<U> Object<U> for <One as Named>::Name { type Output = &'static &'static u64; }
fn convert<U>(value: <<One as Named>::Name as Object<U>>::Output) -> &'static &'static u64 { value }
pub fn peek(address: usize) -> u64 { **convert::<u8>(Box::leak(Box::new(address))) }
