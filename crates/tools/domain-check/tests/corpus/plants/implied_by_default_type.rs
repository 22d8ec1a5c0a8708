//@ rules: implied-bound
//@ says: has a default
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use core::marker::PhantomData;
pub struct W<'b, T = &'static &'b ()>(PhantomData<&'b u8>, PhantomData<T>);
fn lend<'b>(_: Option<W<'b>>, v: &'b u64) -> &'static u64 { v }
pub fn keep(lent: &u64) -> &'static u64 { let longer: fn(Option<W<'static>>, &u64) -> &'static u64 = lend; longer(None, lent) }
