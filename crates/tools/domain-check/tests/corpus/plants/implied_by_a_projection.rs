//@ rules: implied-bound
//@ says: says that its parameters outlive
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a projection of an object implies its trait's where clause, which the compiler does not
//! prove for the object.
extern crate alloc;
use alloc::boxed::Box;
pub trait Kept<'a> where 'a: 'static { type Of; }
pub fn keep<'a>(_: <dyn Kept<'a, Of = ()> as Kept<'a>>::Of, lent: &'a u64) -> &'static u64 { lent }
pub fn call<'a>(lent: &'a u64, by: impl FnOnce((), &'a u64) -> &'static u64) -> &'static u64 { by((), lent) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = call(&first, keep);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
