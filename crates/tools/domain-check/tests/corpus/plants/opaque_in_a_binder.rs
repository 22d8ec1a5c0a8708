//@ rules: unsafe-code, implied-bound
//@ says: the method `call_me` of trait Impossible
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#153596: a hidden result under a binder leaves the table of an object without an entry.
extern crate alloc;
use alloc::boxed::Box;
pub trait Trait { type Assoc; }
impl<'a, 'b: 'a> Trait for Inv<'a, 'b> { type Assoc = (); }
pub trait ReqWf {}
impl<T: Trait> ReqWf for T where T::Assoc: Sized {}
pub struct Inv<'a, 'b: 'a>(Option<fn(&'a &'b ()) -> &'a &'b ()>);
pub fn mk_opaque<'a, 'b>(_: &'a &'b u32) -> impl ReqWf { Inv::<'a, 'b>(None) }
pub trait Bound<T> {}
impl<T, F, R: ReqWf> Bound<T> for F where F: FnOnce(T) -> R {}
pub trait Impossible<F> { fn call_me(&self) -> u64 where F: for<'a, 'b> Bound<&'a &'b u32>; }
impl<F> Impossible<F> for () { fn call_me(&self) -> u64 where F: for<'a, 'b> Bound<&'a &'b u32> { 5 } }
pub fn mk<F>(_: F) -> Box<dyn Impossible<F>> { Box::new(()) }
pub fn freed() -> u64 { mk(mk_opaque).call_me() }
