//@ rules: implied-bound
//@ says: for all lifetimes
#![no_std]
#![forbid(unsafe_code)]
use core::marker::PhantomData;
pub struct W<T>(PhantomData<T>) where for<'x> T: 'static;
fn lend<'b>(_: Option<W<&'b ()>>, v: &'b u64) -> &'static u64 { v }
pub fn keep(lent: &u64) -> &'static u64 { let longer: fn(Option<W<&'static ()>>, &u64) -> &'static u64 = lend; longer(None, lent) }
