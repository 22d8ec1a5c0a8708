//@ rules: implied-bound
//@ says: S::Out: 'static
#![no_std]
#![forbid(unsafe_code)]
//! The type with the associated type has no parameter, but the argument of the trait has one.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; } impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Ctx<S> { type Out: Show; fn two(s: &mut S) -> Option<(Self::Out, Self::Out)>; }
pub trait CtxA<S, A>: Ctx<S> { fn uses(o: Self::Out, a: A); }
impl<I: Iterator> Ctx<I> for () where I::Item: Clone + Show { type Out = I::Item; fn two(s: &mut I) -> Option<(I::Item, I::Item)> { let it = s.next()?; Some((it.clone(), it)) } }
impl<'x, I: Iterator<Item = Rc<Cell<Option<&'x u64>>>>> CtxA<I, &'x u64> for () { fn uses(o: Rc<Cell<Option<&'x u64>>>, a: &'x u64) { o.set(Some(a)) } }
fn go<S: 'static, A>(mut s: S, a: A) -> Option<Box<dyn Show>> where (): CtxA<S, A> { let (x, y) = <()>::two(&mut s)?; <()>::uses(x, a); Some(Box::new(y)) }
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    go(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }), lent)
}
