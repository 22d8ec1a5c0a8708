//@ rules: implied-bound
//@ says: fn lend relies on
#![no_std]
#![forbid(unsafe_code)]
//! The standard library's `Iter<'a, T>` implies `T: 'a`; another type of that name does not.
use core::slice::Iter;
pub mod own {
    pub struct Iter<'a, T>(core::marker::PhantomData<(&'a (), T)>);
}
fn lend<'a, 'b>(_: Option<Iter<'a, &'b ()>>, v: &'b u64) -> &'a u64 { v }
pub fn keep(lent: &u64) -> &'static u64 {
    let longer: fn(Option<Iter<'static, &'static ()>>, &u64) -> &'static u64 = lend;
    longer(None, lent)
}
