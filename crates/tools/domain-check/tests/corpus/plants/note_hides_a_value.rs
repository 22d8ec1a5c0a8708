//@ rules: unknown-attribute, unsafe-code
//@ says: attribute deprecated, whose note
//! rust-lang/rust#153596: the trait's own clause leaves the table of an object without an entry, and a call jumps to
//! the missing entry. Notes of deprecations hide the function that is used as a value.
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
pub trait Impossible<F> where F: for<'a, 'b> Takes<&'a &'b u32> { fn call_me(&self) -> u64; }
impl<F> Impossible<F> for () where F: for<'a, 'b> Takes<&'a &'b u32> { fn call_me(&self) -> u64 { 5 } }
pub fn mk<F>(_: F) -> Box<dyn Impossible<F>> where F: for<'a, 'b> Takes<&'a &'b u32> { Box::new(()) }
#[deprecated(note = "/*")]
pub fn begins() {}
pub fn call() -> u64 { mk(mk_opaque).call_me() }
#[deprecated(note = "*/")]
pub fn ends() {}
pub fn freed() -> u64 { call() }
