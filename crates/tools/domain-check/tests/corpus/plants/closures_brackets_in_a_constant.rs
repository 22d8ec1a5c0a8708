//@ rules: unsafe-code
//@ says: a closure is called with a value that its caller keeps
//@ rustflags: -Copt-level=3
//@ env: CARGO_INCREMENTAL=0
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#155241: a type has a bracket character as its argument, and this bracket hides the comma between
//! two arguments of a closure. The two then read as one reference, and the vector is not seen.
extern crate alloc;
use alloc::vec::Vec;
pub struct Tag<const LETTER: char>;
type Open = Tag<'('>;
fn with(tag: &Open, f: impl FnOnce(&Open, Vec<usize>)) { f(tag, Vec::new()) }
#[inline(never)]
pub fn free_twice(tag: &Open, length: usize) {
    with(tag, |_, mut it| it.resize(length, 1));
    with(tag, |_, it| if it.len() == length { unreachable!() });
}
#[inline(never)]
pub fn write_freed(tag: &Open, length: usize) -> (usize, usize) {
    let mut told = (0, 0);
    with(tag, |_, mut it| it.resize(length, 1));
    with(tag, |_, mut it| {
        let other = alloc::vec![5_usize; length];
        it.push(9);
        told = (it.capacity(), other[0]);
        core::mem::forget(it);
    });
    told
}
