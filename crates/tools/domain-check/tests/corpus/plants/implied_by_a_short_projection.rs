//@ rules: implied-bound
//@ says: Kept says that its parameters outlive
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: `T::Of` implies the clauses on lifetimes of the trait that bounds `T`.
extern crate alloc;
use alloc::boxed::Box;
pub trait Kept<'a, 'b: 'a> { type Of; }
pub fn give<'a, 'b, T: ?Sized + Kept<'a, 'b>>(_: Option<T::Of>, lent: &'b u64) -> &'a u64 { lent }
pub fn call<'a, 'b>(lent: &'b u64, by: impl FnOnce(Option<()>, &'b u64) -> &'a u64) -> &'a u64 { by(None, lent) }
pub fn keep<'a, 'b>(_: &'a u64, lent: &'b u64) -> &'a u64 { call(lent, give::<'a, 'b, dyn Kept<'a, 'b, Of = ()>>) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let other = Box::new(2_u64);
    let kept = keep(&other, &first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
