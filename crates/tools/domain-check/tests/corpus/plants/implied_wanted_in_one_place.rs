//@ rules: implied-bound
//@ says: relies on `'b: '_`
#![no_std]
#![forbid(unsafe_code)]
//! The outer lifetime occurs in one place only, inside a cell.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::marker::PhantomData;
pub struct W<'o, 'b>(&'o Cell<Option<&'o u64>>, PhantomData<&'o &'b ()>);
fn put<'b>(w: W<'_, 'b>, v: &'b u64, _: &()) { w.0.set(Some(v)) }
pub fn keep<'x>(lent: &'x u64) -> &'static u64 {
    let put: fn(W<'static, 'static>, &'x u64, &()) = put;
    let c: &'static Cell<Option<&'static u64>> = Box::leak(Box::new(Cell::new(None)));
    put(W(c, PhantomData), lent, &());
    c.get().unwrap()
}
