//@ rules: implied-bound, crate-name
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: `crate::alloc::vec::Drain` is not the standard library's `Drain`, but another type of the
//! domain.
extern crate alloc;
use self::alloc::boxed::Box;
pub mod decoy {
    pub mod alloc {}
    pub mod vec {}
    pub struct Drain<'a, T>(pub [T; 0], pub [&'a (); 0]);
}
pub fn give<'a, 'b>(_: Option<crate::alloc::vec::Drain<'a, &'b u64>>, x: &'b u64) -> &'a u64 { x }
pub fn keep<'b>(x: &'b u64) -> &'static u64 {
    let give: for<'r> fn(Option<crate::alloc::vec::Drain<'static, &'static u64>>, &'r u64) -> &'static u64 = give;
    give(None, x)
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
