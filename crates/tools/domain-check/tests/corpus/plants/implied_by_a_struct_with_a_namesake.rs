//@ rules: implied-bound
//@ says: fn lend relies on
#![no_std]
#![forbid(unsafe_code)]
use core::marker::PhantomData;
/// Another type of the same name in another module.
pub trait Has { type W; }
impl Has for () { type W = (); }
pub struct W<T: 'static>(PhantomData<T>);
fn lend<'b>(_: Option<W<&'b ()>>, v: &'b u64) -> &'static u64 { v }
pub fn keep(lent: &u64) -> &'static u64 {
    let longer: fn(Option<W<&'static ()>>, &u64) -> &'static u64 = lend;
    longer(None, lent)
}
