//@ rules: implied-bound
//@ says: Flatten
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366 in a `Flatten` that `Default` makes. Neither the method `flatten` nor a closure's value is
//! needed.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
use core::iter::Flatten;
use core::marker::PhantomData;
type Shared<'a> = Rc<Cell<Option<&'a u64>>>;
#[derive(Default)]
pub struct Source<'a>(Shared<'a>);
impl<'a> Iterator for Source<'a> {
    type Item = Shared<'a>;
    fn next(&mut self) -> Option<Shared<'a>> { Some(self.0.clone()) }
}
pub trait Slot { fn read(&self) -> u64; }
impl Slot for Rc<Cell<Option<&u64>>> { fn read(&self) -> u64 { self.get().map_or(0, |it| *it) } }
pub struct Gen<F>(PhantomData<F>);
impl<F> Default for Gen<F> { fn default() -> Self { Gen(PhantomData) } }
impl<F: Fn() -> S, S: Default> Iterator for Gen<F> { type Item = S; fn next(&mut self) -> Option<S> { Some(S::default()) } }
pub trait Show { fn show(&mut self) -> u64; }
impl<I: Iterator<Item = S>, S: IntoIterator<Item = R>, R: Slot> Show for Flatten<I> {
    fn show(&mut self) -> u64 { self.next().map_or(0, |it| it.read()) }
}
fn make<F: Fn() -> S, S: Default + IntoIterator<Item = R>, R>(_: F) -> Flatten<Gen<F>> { Default::default() }
pub fn keep<'a>(lent: &'a u64) -> Option<Box<dyn Show>> {
    let mut all = make(|| -> Source<'a> { Source::default() });
    all.next()?.set(Some(lent));
    Some(Box::new(all))
}
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = kept.map_or(0, |mut it| it.show());
    drop(second);
    seen
}
