//@ rules: unsafe-code
//@ says: the trait Impossible bounds its parameters
//! rust-lang/rust#153596: as opaque_in_a_traits_clause, by a clause without a binder that an impl with a binder
//! satisfies.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::iter::Map;
use core::option::IntoIter;
pub trait Trait { type Assoc; }
impl<'a, 'b: 'a> Trait for Inv<'a, 'b> { type Assoc = (); }
pub trait ReqWf {}
impl<T: Trait> ReqWf for T where T::Assoc: Sized {}
pub struct Inv<'a, 'b: 'a>(pub Option<fn(&'a &'b ()) -> &'a &'b ()>);
pub fn mk_opaque<'a, 'b>(_: &'a &'b u32) -> impl ReqWf { Inv::<'a, 'b>(None) }
pub trait Bound {}
impl<I: Iterator<Item = R>, R: ReqWf> Bound for I {}
pub trait Takes<T> {}
impl<T, F> Takes<T> for F where Map<IntoIter<T>, F>: Bound {}
pub trait Sup {}
impl<F> Sup for F where F: for<'a, 'b> Takes<&'a &'b u32> {}
pub trait Impossible<F> where F: Sup { fn call_me(&self) -> u64; }
impl<F> Impossible<F> for () where F: Sup { fn call_me(&self) -> u64 { 5 } }
pub fn mk<F>(_: F) -> Box<dyn Impossible<F>> where F: Sup { Box::new(()) }
pub fn call() -> u64 { mk(mk_opaque).call_me() }

pub fn freed() -> u64 { call() }
