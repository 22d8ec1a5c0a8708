//@ rules: implied-bound
//@ says: relies on `'b: 'a`
#![no_std]
#![forbid(unsafe_code)]
//! The hidden result captures the outer lifetime, and so demands it.
extern crate alloc;
use alloc::boxed::Box;
pub trait Show { fn show(&self) -> u64; }
impl Show for &u64 { fn show(&self) -> u64 { **self } }
fn lend<'a, 'b>(_: Option<&'a &'b ()>, v: &'b u64, _: &()) -> impl Show + use<'a> { let v: &'a u64 = v; v }
pub fn keep<'x>(lent: &'x u64) -> Box<dyn Show> {
    fn erase<'x, R: Show + 'static>(f: for<'z> fn(Option<&'static &'static ()>, &'x u64, &'z ()) -> R, lent: &'x u64) -> Box<dyn Show> { Box::new(f(None, lent, &())) }
    erase(lend, lent)
}
