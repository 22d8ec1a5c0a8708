//@ rules: unproved-type
//! rust-lang/rust#25860: the type of a value that becomes a trait object is not checked.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ops::Deref;
pub trait Get { type Of; fn get(self) -> Self::Of; }
impl<'a, T: Default> Get for Option<&'a T> { type Of = &'a T; fn get(self) -> &'a T { self.unwrap_or_else(|| Box::leak(Box::new(T::default()))) } }
impl<'a, 'b> Get for &'a Cell<Option<&'b u64>> { type Of = &'a u64; fn get(self) -> &'a u64 { Cell::get(self).unwrap_or(&0) } }

pub trait Run<B, C> { fn run(&self, b: B) -> C; }
impl<B, C, M: Get<Of = P> + Copy, P: Deref<Target = Cell<Option<B>>> + Get<Of = C>> Run<B, C> for M {
    fn run(&self, b: B) -> C { let place = self.get(); place.set(Some(b)); place.get() }
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let by: &dyn Run<&'x u64, &'static u64> = &None;
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
