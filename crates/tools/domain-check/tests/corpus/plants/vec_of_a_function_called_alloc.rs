//@ rules: crate-name
//@ says: an item has the name `alloc`
//! The library's real `Debug` shows a type that is printed as the library's `Vec`.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use ::alloc::boxed::Box as Owned;
use core::cell::Cell;
use core::fmt::{Debug, Formatter, Result as Shown};
use core::ops::Deref;
pub trait Get { type Of; fn get(self) -> Self::Of; }
impl<'a, T: Default> Get for Option<&'a T> { type Of = &'a T; fn get(self) -> &'a T { self.unwrap_or_else(|| Owned::leak(Owned::new(T::default()))) } }
impl<'a, 'b> Get for &'a Cell<Option<&'b u64>> { type Of = &'a u64; fn get(self) -> &'a u64 { Cell::get(self).unwrap_or(&0) } }
pub struct Null;
impl core::fmt::Write for Null { fn write_str(&mut self, _: &str) -> Shown { Ok(()) } }
pub trait Shows { fn shows<'x>(&self, x: &'x u64) -> &'static u64; }
pub struct Unit;
impl Shows for Unit {
    fn shows<'x>(&self, x: &'x u64) -> &'static u64 { alloc(x) }
}
pub fn alloc<'x>(x: &'x u64) -> &'static u64 {
    pub mod vec {
        pub struct Vec<M, B, C>(pub M, pub B, pub C);
    }
    use vec::Vec;
    impl<'o, B: Copy, C: 'o, M: Get<Of = P> + Copy, P: Deref<Target = Cell<Option<B>>> + Get<Of = C>> Debug for Vec<M, B, &'o Cell<Option<C>>> {
        fn fmt(&self, _: &mut Formatter<'_>) -> Shown { let place = self.0.get(); place.set(Some(self.1)); self.2.set(Some(place.get())); Ok(()) }
    }
    let out: Cell<Option<&'static u64>> = Cell::new(None);
    let all = Vec(None, x, &out);
    let by: &dyn Debug = &all;
    let _ = core::fmt::write(&mut Null, format_args!("{by:?}"));
    out.get().unwrap_or(&0)
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 { Unit.shows(x) }
pub fn freed() -> u64 {
    let first = Owned::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Owned::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
