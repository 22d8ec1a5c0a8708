//@ rules: unsafe-code, implied-bound
//@ says: impl
#![no_std]
#![forbid(unsafe_code)]
//! As coherence_higher_ranked, with an alias for the pointer.
extern crate alloc;
use alloc::boxed::Box;
pub trait Always { type Is; }
impl<T> Always for T { type Is = u16; }
pub trait Step {}
type Takes<P> = fn(<(P, core::fmt::Formatter) as Always>::Is);
impl<P> Step for (P, Takes<P>) {}
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
