//@ rules: implied-bound
//@ says: an impl of Drop bounds a parameter
//! rust-lang/rust#25860: functions with early-bound lifetimes are values in a struct that is dropped.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ops::Deref;
use alloc::rc::Rc;
pub trait Run<B, C> { fn run(&self, b: B) -> C; }
pub struct Last<B: Copy, C, M: Copy, P: Deref<Target = Cell<Option<B>>>, G: Fn(M) -> P, H: Fn(P) -> C> { m: M, p: PhantomData<P>, g: G, h: H, with: B, to: Rc<Cell<Option<C>>> }
impl<B: Copy, C, M: Copy, P: Deref<Target = Cell<Option<B>>>, G: Fn(M) -> P, H: Fn(P) -> C> Drop for Last<B, C, M, P, G, H> {
    fn drop(&mut self) { let place = (self.g)(self.m); place.set(Some(self.with)); self.to.set(Some((self.h)(place))); }
}
pub fn or_new<'a: 'a, T: Default>(place: Option<&'a T>) -> &'a T { place.unwrap_or_else(|| Box::leak(Box::new(T::default()))) }
pub fn take<'a: 'a, 'b: 'b>(place: &'a Cell<Option<&'b u64>>) -> &'a u64 { place.get().unwrap_or(&0) }
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let to: Rc<Cell<Option<&'static u64>>> = Rc::new(Cell::new(None));
    { let _last = Last { m: None, p: PhantomData, g: or_new, h: take, with: x, to: to.clone() }; }
    to.get().unwrap()
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
