//@ rules: unproved-type
//! rust-lang/rust#25860: functions without lifetimes are values inside a value that becomes a trait object.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::Deref;
pub struct Via<M, P, G, H>(M, PhantomData<P>, G, H);
pub trait Run<B, C> { fn run(&self, b: B) -> C; }
impl<B, C, M: Copy, P: Deref<Target = Cell<Option<B>>>, G: Fn(M) -> P, H: Fn(P) -> C> Run<B, C> for Via<M, P, G, H> {
    fn run(&self, b: B) -> C { let place = (self.2)(self.0); place.set(Some(b)); (self.3)(place) }
}
pub fn or_new<T: Default>(place: Option<&'static T>) -> &'static T { place.unwrap_or_else(|| Box::leak(Box::new(T::default()))) }
pub fn take<T: Deref<Target = u64> + Copy>(place: &'static Cell<Option<T>>) -> &'static u64 { let it: &'static T = Box::leak(Box::new(place.get().unwrap())); &**it }
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let by: &dyn Run<&'x u64, &'static u64> = &Via(None, PhantomData, or_new, take);
    by.run(x)
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
