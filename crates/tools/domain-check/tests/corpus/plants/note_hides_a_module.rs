//@ rules: unknown-attribute, crate-name
//@ says: attribute deprecated, whose note
//! The compiler prints the notes of deprecations without escapes. In the code with types, two notes begin and end a
//! comment, so a module called `alloc` is not seen.
#![no_std]
#![forbid(unsafe_code)]
mod owned { extern crate alloc; pub use alloc::boxed::Box; }
use owned::Box;
use core::cell::Cell;
use core::fmt::{Debug, Formatter, Result as Shown};
use core::ops::Deref;
pub trait Get { type Of; fn get(self) -> Self::Of; }
impl<'a, T: Default> Get for Option<&'a T> { type Of = &'a T; fn get(self) -> &'a T { self.unwrap_or_else(|| Box::leak(Box::new(T::default()))) } }
impl<'a, 'b> Get for &'a Cell<Option<&'b u64>> { type Of = &'a u64; fn get(self) -> &'a u64 { Cell::get(self).unwrap_or(&0) } }
#[deprecated(note = "/*")]
pub fn begins() {}
pub mod alloc { pub mod vec { pub struct Vec<M, B, C>(pub M, pub B, pub C); } }
#[deprecated(note = "*/")]
pub fn ends() {}
use self::alloc::vec::Vec;
impl<'o, B: Copy, C: 'o, M: Get<Of = P> + Copy, P: Deref<Target = Cell<Option<B>>> + Get<Of = C>> Debug for Vec<M, B, &'o Cell<Option<C>>> {
    fn fmt(&self, _: &mut Formatter<'_>) -> Shown { let place = self.0.get(); place.set(Some(self.1)); self.2.set(Some(place.get())); Ok(()) }
}
pub struct Null;
impl core::fmt::Write for Null { fn write_str(&mut self, _: &str) -> Shown { Ok(()) } }
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let out: Cell<Option<&'static u64>> = Cell::new(None);
    let all = Vec(None, x, &out);
    let by: &dyn Debug = &all;
    let _ = core::fmt::write(&mut Null, format_args!("{by:?}"));
    out.get().unwrap_or(&0)
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
