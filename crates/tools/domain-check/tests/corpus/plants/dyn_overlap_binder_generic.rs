//@ rules: unsafe-code
//! rust-lang/rust#57893, with a parameter instead of an associated type (generic).
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<'a, P> { fn get(&self) -> &'a u64; }
pub trait Mark {}
impl<'z, T: ?Sized + Mark> Q<'z, u8> for T { fn get(&self) -> &'z u64 { &7 } }
impl<'x, P> Mark for dyn Q<'x, P> + 'x {}
pub struct V<'x>(&'x u64);
impl<'x> Q<'x, u8> for V<'x> { fn get(&self) -> &'x u64 { self.0 } }
fn take<'x, P>(t: &(dyn Q<'x, P> + 'x)) -> &'static u64 { <dyn Q<'x, P> + 'x as Q<'static, u8>>::get(t) }
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
  let v = V(x);
  let d: &(dyn Q<'x, u8> + 'x) = &v;
  take(d)
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
