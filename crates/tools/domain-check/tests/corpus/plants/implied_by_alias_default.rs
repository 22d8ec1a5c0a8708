//@ rules: implied-bound
//@ says: has a default
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use core::marker::PhantomData;
pub type A<'b, T = &'static &'b ()> = (Option<&'b u8>, Option<T>);
fn lend<'b>(_: A<'b>, v: &'b u64) -> &'static u64 { v }
pub fn keep(lent: &u64) -> &'static u64 { let longer: fn(A<'static>, &u64) -> &'static u64 = lend; longer((None, None), lent) }
