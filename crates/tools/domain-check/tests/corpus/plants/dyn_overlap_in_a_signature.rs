//@ rules: unsafe-code, not-understood
//@ says: dyn Object
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#57893, with the impl in an unexpected place: in the length of an array in a signature.
pub trait Object<U> { type Output; }
pub fn hides(_: [(); { impl<T: ?Sized, U> Object<U> for T { type Output = U; } 0 }]) {}
fn convert<T: ?Sized, U>(value: <T as Object<U>>::Output) -> U { value }
/// Returns a value of any type as a value of any other type, as long as LLVM has a pointer for both types.
pub fn transmute<T, U>(value: T) -> U { convert::<dyn Object<U, Output = T>, U>(value) }
pub fn peek(address: usize) -> u64 { **transmute::<&usize, &&'static u64>(&address) }
