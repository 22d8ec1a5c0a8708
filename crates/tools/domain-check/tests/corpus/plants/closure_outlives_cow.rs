//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use alloc::borrow::{Cow, ToOwned};
use core::borrow::Borrow;
pub struct By<F>(pub F);
pub struct Owned<F, R>(pub By<F>, pub R);
impl<F, R> Borrow<By<F>> for Owned<F, R> { fn borrow(&self) -> &By<F> { &self.0 } }
impl<F: Fn() -> R + Copy, R: Copy> ToOwned for By<F> {
    type Owned = Owned<F, R>;
    fn to_owned(&self) -> Owned<F, R> { Owned(By(self.0), (self.0)()) }
}
pub trait Show { fn show(&self) -> u64; }
impl<F: Fn() -> R + Copy + 'static, R: Copy + Into<u64>> Show for Cow<'_, By<F>> {
    fn show(&self) -> u64 { match self { Cow::Owned(it) => it.1.into(), Cow::Borrowed(_) => 0 } }
}
#[derive(Clone, Copy)]
pub struct Lent<'a>(pub &'a u64);
impl From<Lent<'_>> for u64 { fn from(it: Lent<'_>) -> u64 { *it.0 } }
pub fn keep<'a>(lent: &'a u64) -> Box<dyn Show> {
    let never = || -> Lent<'a> { Lent(&0) };
    let cow: Cow<'static, By<_>> = Cow::Owned(Owned(By(never), Lent(lent)));
    Box::new(cow)
}
