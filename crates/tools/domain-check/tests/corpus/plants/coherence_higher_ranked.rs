//@ rules: unsafe-code, implied-bound
//@ says: impl
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161404: two impls for all types both hold for `fn(u16)`. The projection is behind two binders, so
//! the compiler does not see that they overlap. The lifetime is elided, so the check of lifetimes does not see it
//! either.
extern crate alloc;
use alloc::boxed::Box;
pub trait Always { type Is; }
impl<T> Always for T { type Is = u16; }
pub trait Step {}
impl<P> Step for (P, fn(<(P, core::fmt::Formatter) as Always>::Is)) {}
pub trait Far {}
impl<P: Step> Far for P {}
pub trait Near {}
impl Near for fn(u16) {}
pub trait Pick { type Value; }
impl<X> Pick for X where for<'d> (&'d u64, X): Far { type Value = &'static usize; }
impl<X: Near> Pick for X { type Value = &'static &'static u64; }
pub trait Carry: Sized {
    type To: Pick;
    fn carry(value: <Self as Pick>::Value) -> <Self::To as Pick>::Value where for<'d> (&'d u64, Self): Far;
}
impl<T> Carry for T where for<'d> (&'d u64, T): Far {
    type To = T;
    fn carry(value: &'static usize) -> &'static usize { value }
}
fn transmute<T: Carry<To = U>, U: Near>(value: &'static usize) -> &'static &'static u64 where for<'d> (&'d u64, T): Far { T::carry(value) }
pub fn peek(address: usize) -> u64 { **transmute::<fn(u16), fn(u16)>(Box::leak(Box::new(address))) }
