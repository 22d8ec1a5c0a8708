//@ rules: unproved-type
//! rust-lang/rust#25860: the bound comes from the header of an impl for a type of the domain, whose parameter
//! outlives its lifetime.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ops::Deref;
pub struct Lent<'a, T: 'a>(&'a T);
pub trait Get { type Of; fn get(it: Option<Self>) -> Self::Of where Self: Sized; }
impl<'a, T: Default> Get for Lent<'a, T> { type Of = &'a T; fn get(it: Option<Self>) -> &'a T { it.map_or_else(|| &*Box::leak(Box::new(T::default())), |it| it.0) } }
impl<'a, 'b> Get for &'a Cell<Option<&'b u64>> { type Of = &'a u64; fn get(it: Option<Self>) -> &'a u64 { match it { Some(it) => it.get().unwrap_or(&0), None => &0 } } }
pub trait Run<B, C> { fn run(&self, b: B) -> C; }
impl<B, C, M: Get<Of = P>, P: Deref<Target = Cell<Option<B>>> + Get<Of = C>> Run<B, C> for Option<M> {
    fn run(&self, b: B) -> C { let place = M::get(None); place.set(Some(b)); P::get(Some(place)) }
}
pub fn same<'a, T: 'a>(_: &Option<Lent<'a, T>>, _: T) {}
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let none = None;
    same(&none, Cell::new(Some(x)));
    let by: &dyn Run<&'x u64, &'static u64> = &none;
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
