//@ rules: implied-bound
//@ says: relies on `'b: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! One of the trait's supertraits demands the outer lifetime, not the signature.
extern crate alloc;
use alloc::boxed::Box;
use core::fmt::Display;
use core::marker::PhantomData;
pub trait Sink { type In; fn sink(value: Self::In) -> Box<dyn Display>; }
pub struct Own<'a>(PhantomData<&'a ()>);
impl Sink for Own<'static> { type In = &'static u64; fn sink(value: &'static u64) -> Box<dyn Display> { Box::new(value) } }
pub trait Put<'a>: Sink<In = &'a u64> {
    fn put<'b>(_: Option<&'a &'b ()>, value: &'b u64) -> Box<dyn Display> { Self::sink(value) }
}
impl Put<'static> for Own<'static> {}
pub fn keep(lent: &u64) -> Box<dyn Display> {
    let put: fn(Option<&'static &'static ()>, &u64) -> Box<dyn Display> = <Own<'static> as Put<'static>>::put;
    put(None, lent)
}
