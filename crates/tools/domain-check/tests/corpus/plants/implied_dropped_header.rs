//@ rules: implied-bound
//@ says: an impl of Drop bounds a parameter
//! rust-lang/rust#25860: the types of a struct's parts are not checked, and its drop uses them.
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
pub struct Last<B: Copy, C, M: Run<B, C>> { of: M, with: B, to: alloc::rc::Rc<Cell<Option<C>>> }
impl<B: Copy, C, M: Run<B, C>> Drop for Last<B, C, M> { fn drop(&mut self) { self.to.set(Some(self.of.run(self.with))) } }
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let to: alloc::rc::Rc<Cell<Option<&'static u64>>> = alloc::rc::Rc::new(Cell::new(None));
    { let _last = Last { of: None, with: x, to: to.clone() }; }
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
