//@ rules: unsafe-code, implied-bound
//@ says: an impl of Same for a parameter that may be `?Sized`
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#114389: a trait has a bound that no type satisfies, and yet the trait's object counts as an
//! implementor.
pub trait Same { type This: ?Sized; }
impl<T: ?Sized> Same for T { type This = T; }
fn identity<T: ?Sized>(it: &<T as Same>::This) -> &T { it }
pub trait Number { fn number(&self) -> usize; }
impl Number for usize { fn number(&self) -> usize { *self } }
pub trait Reference: Same<This = dyn Number> { fn reference(&self) -> &'static u64; }
pub fn peek(address: usize) -> u64 {
    let number: &dyn Number = &address;
    let reference: &dyn Reference = identity(number);
    *reference.reference()
}
