//@ rules: implied-bound
//@ says: relies on `'b: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! A bound of an associated type demands the outer lifetime.
extern crate alloc;
use alloc::boxed::Box;
use core::marker::PhantomData;
use core::fmt::Display;
pub trait Sink { type In; fn sink(value: Self::In) -> Box<dyn Display>; }
pub struct Own<'a>(PhantomData<&'a ()>);
impl Sink for Own<'static> { type In = &'static u64; fn sink(value: &'static u64) -> Box<dyn Display> { Box::new(value) } }
pub trait Put<'a> { type S: Sink<In = &'a u64>;
    fn put<'b>(_: Option<&'a &'b ()>, value: &'b u64) -> Box<dyn Display> { Self::S::sink(value) }
}
impl Put<'static> for Own<'static> { type S = Self; }
pub fn keep(lent: &u64) -> Box<dyn Display> {
    let put: fn(Option<&'static &'static ()>, &u64) -> Box<dyn Display> = <Own<'static> as Put<'static>>::put;
    put(None, lent)
}
