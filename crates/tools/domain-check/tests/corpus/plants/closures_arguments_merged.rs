//@ rules: unsafe-code
//@ says: a closure is called with a value that its caller keeps
//@ rustflags: -Copt-level=3
//@ env: CARGO_INCREMENTAL=0
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#155241: two closures get the same constant. The first closure changes the constant and drops it in
//! place. The second one frees the remains once more.
extern crate alloc;
use alloc::vec::Vec;
fn with(f: impl FnOnce(Vec<usize>)) { f(Vec::new()) }
#[inline(never)]
pub fn free_twice(length: usize) {
    with(|mut it| it.resize(length, 1));
    with(|it| if it.len() == length { unreachable!() });
}
#[inline(never)]
pub fn write_freed(length: usize) -> (usize, usize) {
    let mut told = (0, 0);
    with(|mut it| it.resize(length, 1));
    with(|mut it| {
        let other = alloc::vec![5_usize; length];
        it.push(9);
        told = (it.capacity(), other[0]);
        core::mem::forget(it);
    });
    told
}
