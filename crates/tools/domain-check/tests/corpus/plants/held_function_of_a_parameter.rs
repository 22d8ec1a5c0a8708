//@ rules: held-function
//! rust-lang/rust#25860: as held_function, with a function whose trait object has a parameter.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<P> { fn q(&self, x: P) -> &'static u64; }
pub trait Konv: Sized { fn conv(self) -> &'static u64; }
impl Konv for &'static u64 { fn conv(self) -> &'static u64 { self } }
pub struct Id;
impl<P: Konv> Q<P> for Id { fn q(&self, x: P) -> &'static u64 { x.conv() } }
pub trait Tr: Sized { fn m() -> Option<Self>; }
pub struct S<T: ?Sized>(Box<T>);
impl<T: ?Sized + for<'z> Q<&'z u64>> Tr for S<T> { fn m() -> Option<Self> { None } }
impl<P: Konv> Tr for S<dyn Q<P>> { fn m() -> Option<Self> { Some(S(Box::new(Id))) } }
pub fn keep(x: &u64) -> &'static u64 {
  let mut g;
  'l: { break 'l; g = <S<dyn Q<_>> as Tr>::m; }
  g = <S<dyn for<'z> Q<&'z u64>> as Tr>::m;
  match g() { Some(S(h)) => h.q(x), None => &0 } }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
