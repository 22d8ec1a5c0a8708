//@ rules: unsafe-code
//@ says: in its header that binds lifetimes
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#144312: a pattern has another type than the matched value, and the compiler accepts it because the
//! types differ only in the lifetimes of binders. An associated type has no values in one of the two types, and has
//! values in the other.
pub trait Of { type Value; }
pub struct By<T>(T);
pub enum Never {}
impl Of for By<fn(&())> { type Value = Never; }
impl Of for By<fn(&'static ())> { type Value = usize; }
pub enum Either<T: Of> where T::Value: 'static { One(&'static u64), Two(T::Value) }
pub fn peek(address: usize) -> u64 {
    let Either::<By<fn(&())>>::One(word) = core::hint::black_box(Either::<By<fn(&'static ())>>::Two(address));
    *word
}
