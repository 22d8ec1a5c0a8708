//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an enum gets its other name from `self` in an import.
extern crate alloc;
use alloc::boxed::Box;
use crate::m::Own::{self as Other};
pub mod m { pub enum Own<'b> where 'b: 'static { No([&'b (); 0]) } }
pub fn give<'b>(_: Option<Other<'b>>, x: &'b u64) -> &'static u64 { x }
pub fn keep<'b>(x: &'b u64) -> &'static u64 {
    let give: for<'r> fn(Option<Other<'static>>, &'r u64) -> &'static u64 = give;
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
