//@ rules: implied-bound
//@ says: fn lend relies on
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use core::marker::PhantomData;
pub struct W<T>(PhantomData<T>) where (T,): 'static;
fn lend<'b>(_: Option<W<&'b ()>>, v: &'b u64) -> &'static u64 { v }
pub fn keep(lent: &u64) -> &'static u64 { let longer: fn(Option<W<&'static ()>>, &u64) -> &'static u64 = lend; longer(None, lent) }
