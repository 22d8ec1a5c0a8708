//@ rules: implied-bound
//@ says: S::Out: 'o
#![no_std]
#![forbid(unsafe_code)]
//! Two bounds together make the parameter outlive the lifetime. Only one of them is written.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
pub trait Show { fn show(&self) -> u64; } impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub trait Src { type Out: Show; fn two(&mut self) -> Option<(Self::Out, Self::Out)>; }
impl<I: Iterator> Src for I where I::Item: Clone + Show { type Out = I::Item; fn two(&mut self) -> Option<(I::Item, I::Item)> { let it = self.next()?; Some((it.clone(), it)) } }
pub trait Uses<A>: Src { fn uses(&mut self, slot: <Self as Src>::Out, with: A); }
impl<'x, I: Iterator<Item = Rc<Cell<Option<&'x u64>>>>> Uses<&'x u64> for I { fn uses(&mut self, slot: Rc<Cell<Option<&'x u64>>>, with: &'x u64) { slot.set(Some(with)) } }
fn go<'o, 'p: 'o, S: Uses<A>, A>(s: &'p mut S, a: A) -> Option<Box<dyn Show + 'o>> { let (x, y) = s.two()?; s.uses(x, a); Some(Box::new(y)) }
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    go(Box::leak(Box::new(core::iter::repeat_with(|| -> Rc<Cell<Option<&'a u64>>> { Rc::default() }))), lent)
}
