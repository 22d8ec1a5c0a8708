//@ rules: implied-bound
//@ says: fn lend relies on
#![no_std]
#![forbid(unsafe_code)]
//! A struct's implied bound follows from the struct in its field, six levels deep.
use core::marker::PhantomData;
pub struct F<'a, 'b>(PhantomData<E<'a, 'b>>);
pub struct E<'a, 'b>(PhantomData<D<'a, 'b>>);
pub struct D<'a, 'b>(PhantomData<C<'a, 'b>>);
pub struct C<'a, 'b>(PhantomData<B<'a, 'b>>);
pub struct B<'a, 'b>(PhantomData<A<'a, 'b>>);
pub struct A<'a, 'b>(PhantomData<&'a &'b ()>);
fn lend<'a, 'b>(_: Option<F<'a, 'b>>, v: &'b u64) -> &'a u64 { v }
pub fn keep(lent: &u64) -> &'static u64 { let longer: fn(Option<F<'static, 'static>>, &u64) -> &'static u64 = lend; longer(None, lent) }
