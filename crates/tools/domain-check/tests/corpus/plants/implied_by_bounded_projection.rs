//@ rules: implied-bound
//@ says: fn lend relies on
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use core::marker::PhantomData;
pub trait Tr { type X; } pub struct M<'b>(PhantomData<&'b ()>); impl<'b> Tr for M<'b> { type X = &'b (); }
pub struct W<T: Tr>(PhantomData<T>) where T::X: 'static;
fn lend<'b>(_: Option<W<M<'b>>>, v: &'b u64) -> &'static u64 { v }
pub fn keep(lent: &u64) -> &'static u64 { let longer: fn(Option<W<M<'static>>>, &u64) -> &'static u64 = lend; longer(None, lent) }
