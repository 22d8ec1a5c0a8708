//@ rules: unsafe-code
//@ says: dyn Object
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#152783: the compiler's own impl for a trait object overlaps with one for an alias of it, without a
//! parameter that may be `?Sized`.
extern crate alloc;
use alloc::boxed::Box;
pub trait Named { type Name: ?Sized; }
pub trait Object<U> { type Output; }
pub struct One;
impl Named for One { type Name = dyn Object<u8, Output = &'static usize>; }
type Alias = <One as Named>::Name;
impl<U> Object<U> for Alias { type Output = &'static &'static u64; }
fn convert<U>(value: <Alias as Object<U>>::Output) -> &'static &'static u64 { value }
pub fn peek(address: usize) -> u64 { **convert::<u8>(Box::leak(Box::new(address))) }
