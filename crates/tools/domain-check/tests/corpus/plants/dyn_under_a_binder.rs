//@ rules: implied-bound
//@ says: an impl of Extend relies on `'h: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#152489: an object's associated type under a binder need not be well-formed, and yet the compiler
//! relies on its bounds.
pub trait Under<'h> { type Value; }
pub struct Both<T, U>(T, U);
pub trait Extend<'a, 'b> { fn extend(lent: &'b u64) -> &'a u64; }
impl<'a, 'h, 'b> Extend<'a, 'b> for Both<&'a &'h (), &'h &'b ()> {
    fn extend(lent: &'b u64) -> &'a u64 { lent }
}
fn by_an_object<'a, 'b, T: ?Sized>(lent: &'b u64) -> &'a u64
where
    T: for<'h> Under<'h>,
    for<'h> <T as Under<'h>>::Value: Extend<'a, 'b>,
{
    <T as Under>::Value::extend(lent)
}
pub fn keep(lent: &u64) -> &'static u64 {
    fn named<'b>(lent: &'b u64) -> &'static u64 {
        by_an_object::<dyn for<'h> Under<'h, Value = Both<&'static &'h (), &'h &'b ()>>>(lent)
    }
    named(lent)
}
