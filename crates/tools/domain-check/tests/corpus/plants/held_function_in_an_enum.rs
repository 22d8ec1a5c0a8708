//@ rules: held-function
//! rust-lang/rust#25860: as held_function, with a function in an enum.
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
type L<'a> = S<dyn Q<'a>>;
pub fn keep(x: &u64) -> &'static u64 {
  let mut g = None;
  'l: { break 'l; g = Some(<S<dyn Q<'_>> as Tr>::m); }
  g = Some(<S<dyn for<'z> Q<'z>> as Tr>::m);
  match g { Some(f) => match f() { Some(S(h)) => h.q(x), None => &0 }, _ => &0 } }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
