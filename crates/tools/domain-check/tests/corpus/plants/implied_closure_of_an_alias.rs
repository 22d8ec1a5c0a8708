//@ rules: implied-bound
//@ says: a closure relies on
#![no_std]
#![forbid(unsafe_code)]
//! A closure's parameter elides one lifetime, which an alias uses in two places.

type W<'b> = (Option<&'static &'b ()>, &'b u64);
pub fn keep<'x>(lent: &'x u64) -> &'static u64 {
    let c = |p: W| -> &'static u64 { p.1 };
    let f: fn((Option<&'static &'static ()>, &'x u64)) -> &'static u64 = c;
    f((None, lent))
}
