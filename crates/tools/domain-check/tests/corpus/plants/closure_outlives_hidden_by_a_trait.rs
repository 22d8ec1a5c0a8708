//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: the hidden result of a trait's method has no name. It outlives everything that the
//! implementor outlives.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
use core::marker::PhantomData;
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Pair { type Of: Iterator; type Other: Show; fn apart(self) -> (<Self::Of as Iterator>::Item, Self::Other); }
pub struct Two<I, T, U>(T, U, PhantomData<fn() -> I>);
impl<I: Iterator<Item = T>, T, U: Show> Pair for Two<I, T, U> {
    type Of = I;
    type Other = U;
    fn apart(self) -> (T, U) { (self.0, self.1) }
}
pub trait Shows: Sized { fn make(&mut self) -> Option<impl Pair<Of = Self> + use<Self>>; }
impl<T: Clone + Show, I: Iterator<Item = T>> Shows for I {
    #[allow(refining_impl_trait)]
    fn make(&mut self) -> Option<Two<I, T, T>> { let it = self.next()?; Some(Two(it.clone(), it, PhantomData)) }
}
fn split<S: Shows + Iterator<Item = R> + 'static, R>(mut s: S) -> Option<(R, Box<dyn Show>)> {
    let (x, y) = s.make()?.apart();
    Some((x, Box::new(y)))
}
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let (slot, kept) = split(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }))?;
    slot.set(Some(lent));
    Some(kept)
}
