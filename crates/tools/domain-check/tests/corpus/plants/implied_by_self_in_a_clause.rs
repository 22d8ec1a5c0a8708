//@ rules: implied-bound
//@ says: relies on `'b: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! A struct's where clause is a clause on `Self`.
use core::marker::PhantomData;
pub struct Witness<'a, 'b>(PhantomData<(&'a (), &'b ())>) where Self: 'a;
fn lend<'a, 'b>(_: Option<Witness<'a, 'b>>, v: &'b u64) -> &'a u64 { v }
pub fn keep(lent: &u64) -> &'static u64 {
    let lend: fn(Option<Witness<'static, 'static>>, &u64) -> &'static u64 = lend;
    lend(None, lent)
}
