//@ rules: unsafe-code
//! rust-lang/rust#57893: core's impl for all types is proved, and the object's own impl runs.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::borrow::Borrow;
pub trait Fam { type Out: ?Sized; }
pub trait Sub<'x, T>: Borrow<<Mine as Fam>::Out> { fn q(&self, x: &'x u64) -> &'static u64; }
pub struct Mine;
impl Fam for Mine { type Out = dyn Sub<'static, u8>; }
pub struct Id;
pub struct Outer(Id);
impl Borrow<dyn Sub<'static, u8>> for Id { fn borrow(&self) -> &(dyn Sub<'static, u8> + 'static) { self } }
impl Borrow<dyn Sub<'static, u8>> for Outer { fn borrow(&self) -> &(dyn Sub<'static, u8> + 'static) { &self.0 } }
impl Sub<'static, u8> for Id { fn q(&self, x: &'static u64) -> &'static u64 { x } }
impl<'x> Sub<'x, u8> for Outer { fn q(&self, _: &'x u64) -> &'static u64 { &7 } }
fn take<'x, T>(t: &'x (dyn Sub<'x, T> + 'x), x: &'x u64) -> &'static u64 {
  let b = Borrow::<dyn Sub<'x, T> + 'x>::borrow(t);
  b.q(x)
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 { const O: &Outer = &Outer(Id); take::<u8>(O, x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
