//@ rules: implied-bound
//@ says: fn lend relies on
#![no_std]
#![forbid(unsafe_code)]
use core::marker::PhantomData;
pub struct Sized<const N: usize, T>(PhantomData<T>);
pub type W<'b> = Sized<{ 1 }, &'static &'b ()>;
fn lend<'b>(_: Option<W<'b>>, v: &'b u64) -> &'static u64 { v }
pub fn keep(lent: &u64) -> &'static u64 {
    let longer: fn(Option<Sized<1, &'static &'static ()>>, &u64) -> &'static u64 = lend;
    longer(None, lent)
}
