//@ rules: unproved-type, linked-destructor
//! rust-lang/rust#25860: a destructor calls objects with types that no path names.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ops::Deref;
pub trait Get { type Of; fn get(self) -> Self::Of; }
impl<'a, T: Default> Get for Option<&'a T> { type Of = &'a T; fn get(self) -> &'a T { self.unwrap_or_else(|| Box::leak(Box::new(T::default()))) } }
impl<'a, 'b> Get for &'a Cell<Option<&'b u64>> { type Of = &'a u64; fn get(self) -> &'a u64 { Cell::get(self).unwrap_or(&0) } }
use alloc::rc::Rc;
pub struct Plain;
pub trait Make<M, P> { fn make(&self, of: M) -> P; }
impl<M: Get<Of = P>, P> Make<M, P> for Plain { fn make(&self, of: M) -> P { of.get() } }
pub trait Turn<P, B, C> { fn turn(&self, place: P, with: B) -> C; }
impl<P: Deref<Target = Cell<Option<B>>> + Get<Of = C>, B, C> Turn<P, B, C> for Plain { fn turn(&self, place: P, with: B) -> C { place.set(Some(with)); place.get() } }
pub struct Last<'o, M, P, B, C> { of: Option<M>, with: Option<B>, make: &'o dyn Make<M, P>, turn: &'o dyn Turn<P, B, C>, to: Rc<Cell<Option<C>>> }
impl<M, P, B, C> Drop for Last<'_, M, P, B, C> {
    fn drop(&mut self) {
        if let (Some(of), Some(with)) = (self.of.take(), self.with.take()) { self.to.set(Some(self.turn.turn(self.make.make(of), with))) }
    }
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let to: Rc<Cell<Option<&'static u64>>> = Rc::new(Cell::new(None));
    { let _last = Last { of: Some(None), with: Some(x), make: &Plain, turn: &Plain, to: to.clone() }; }
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
