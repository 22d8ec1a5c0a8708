//@ rules: unsafe-code
//! rust-lang/rust#57893, with a lifetime instead of an associated type: an impl proves a bound with a binder, and the
//! object's own impl runs.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<'a> { fn get(&self) -> &'a u64; }
pub trait Mark {}
impl<'z, T: ?Sized + Mark> Q<'z> for T { fn get(&self) -> &'z u64 { &7 } }
impl<'x> Mark for dyn Q<'x> + 'x {}
pub struct V<'x>(&'x u64);
impl<'x> Q<'x> for V<'x> { fn get(&self) -> &'x u64 { self.0 } }
fn take<T: ?Sized + for<'z> Q<'z>>(t: &T) -> &'static u64 { t.get() }
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
  let v = V(x);
  let d: &(dyn Q<'x> + 'x) = &v;
  take::<dyn Q<'x> + 'x>(d)
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
