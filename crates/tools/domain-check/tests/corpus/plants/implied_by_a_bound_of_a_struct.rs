//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a struct's bound gives closures their signature. This signature can use the struct's
//! parameters.
extern crate alloc;
use alloc::boxed::Box;
pub trait Num { fn num(&self) -> u64; }
pub struct Slot<'b>(&'b u64);
impl Num for Slot<'_> { fn num(&self) -> u64 { *self.0 } }
use core::marker::PhantomData;
pub struct Own<T: Num, F: for<'a, 'c> Fn(Option<&'a T>, T, &'c ()) -> Box<dyn Num + 'a>>(F, PhantomData<T>);
pub fn keep<'b>(x: &'b u64) -> Box<dyn Num> {
    let own = Own(|_, x, _| Box::new(x), PhantomData::<Slot<'b>>);
    let give: fn(Option<&'static Slot<'static>>, Slot<'b>, &()) -> Box<dyn Num> = own.0;
    give(None, Slot(x), &())
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.num();
    drop(second);
    seen
}
