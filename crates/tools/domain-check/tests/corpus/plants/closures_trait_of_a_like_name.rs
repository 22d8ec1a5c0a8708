//@ rules: unsafe-code
//@ says: a closure is called with a value that its caller keeps
//@ rustflags: -Copt-level=3
//@ env: CARGO_INCREMENTAL=0
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#155241: the name of a trait of the domain ends in `Fn`, and the closure's argument is a projection
//! of this trait. The trait is taken for the closure's trait.
extern crate alloc;
use alloc::vec::Vec;
use core::marker::PhantomData;
pub trait MyFn<A> { type Of; }
pub struct Mine;
impl MyFn<(u8,)> for Mine { type Of = u8; }
fn with<T: MyFn<(u8,)>>(f: impl FnOnce(Vec<usize>, PhantomData<T::Of>)) { f(Vec::new(), PhantomData) }
#[inline(never)]
pub fn free_twice<T: MyFn<(u8,)>>(length: usize) {
    with::<T>(|mut it, _| it.resize(length, 1));
    with::<T>(|it, _| if it.len() == length { unreachable!() });
}
#[inline(never)]
pub fn write_freed<T: MyFn<(u8,)>>(length: usize) -> (usize, usize) {
    let mut told = (0, 0);
    with::<T>(|mut it, _| it.resize(length, 1));
    with::<T>(|mut it, _| {
        let other = alloc::vec![5_usize; length];
        it.push(9);
        told = (it.capacity(), other[0]);
        core::mem::forget(it);
    });
    told
}
pub fn run(length: usize) -> (usize, usize) { write_freed::<Mine>(length) }
pub fn run_free(length: usize) { free_twice::<Mine>(length) }
