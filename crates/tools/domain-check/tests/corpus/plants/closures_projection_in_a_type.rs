//@ rules: unsafe-code
//@ says: a closure is called with a value that its caller keeps
//@ rustflags: -Copt-level=3
//@ env: CARGO_INCREMENTAL=0
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#155241: in printed code, the end of a projection in a type looks like the end of the closure's
//! trait.
extern crate alloc;
use alloc::vec::Vec;
use core::marker::PhantomData;
pub trait Gives<A> { type Of; }
pub struct Mine;
impl Gives<(u8,)> for Mine { type Of = u8; }
fn with<T: Gives<(u8,)>>(of: &PhantomData<T::Of>, f: impl FnOnce(&PhantomData<T::Of>, Vec<usize>)) { f(of, Vec::new()) }
#[inline(never)]
pub fn free_twice<T: Gives<(u8,)>>(of: &PhantomData<T::Of>, length: usize) {
    with::<T>(of, |_, mut it| it.resize(length, 1));
    with::<T>(of, |_, it| if it.len() == length { unreachable!() });
}
#[inline(never)]
pub fn write_freed<T: Gives<(u8,)>>(of: &PhantomData<T::Of>, length: usize) -> (usize, usize) {
    let mut told = (0, 0);
    with::<T>(of, |_, mut it| it.resize(length, 1));
    with::<T>(of, |_, mut it| {
        let other = alloc::vec![5_usize; length];
        it.push(9);
        told = (it.capacity(), other[0]);
        core::mem::forget(it);
    });
    told
}
pub fn run(length: usize) -> (usize, usize) { write_freed::<Mine>(&PhantomData, length) }
pub fn run_free(length: usize) { free_twice::<Mine>(&PhantomData, length) }
