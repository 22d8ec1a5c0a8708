//@ rules: held-function
//! rust-lang/rust#25860: a variable that holds a function gets its value by subtyping, and a call through it runs
//! another impl.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<'a> { fn q(&self, x: &'a u64) -> &'static u64; }
pub struct Id;
impl Q<'static> for Id { fn q(&self, x: &'static u64) -> &'static u64 { x } }
pub trait Tr: Sized { fn m() -> Option<Self>; }
pub struct S<T: ?Sized>(Box<T>);
impl<T: ?Sized + for<'z> Q<'z>> Tr for S<T> { fn m() -> Option<Self> { None } }
impl Tr for S<dyn Q<'static>> { fn m() -> Option<Self> { Some(S(Box::new(Id))) } }
pub fn keep(x: &u64) -> &'static u64 {
  let mut g;
  'l: { break 'l; g = <S<dyn Q<'_>> as Tr>::m; }
  g = <S<dyn for<'z> Q<'z>> as Tr>::m;
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
