//@ rules: crate-name
//@ says: an item has the name `core`
//! A trait in a function called `core` is printed as the library's `Debug`.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ops::Deref;
pub trait Get { type Of; fn get(self) -> Self::Of; }
impl<'a, T: Default> Get for Option<&'a T> { type Of = &'a T; fn get(self) -> &'a T { self.unwrap_or_else(|| Box::leak(Box::new(T::default()))) } }
impl<'a, 'b> Get for &'a Cell<Option<&'b u64>> { type Of = &'a u64; fn get(self) -> &'a u64 { Cell::get(self).unwrap_or(&0) } }
pub fn core<'x>(x: &'x u64) -> &'static u64 {
    pub mod fmt { pub trait Debug { fn run(&self); } }
    use fmt::Debug;
    impl<'o, B: Copy, C: 'o, M: Get<Of = P> + Copy, P: Deref<Target = Cell<Option<B>>> + Get<Of = C>> Debug for (M, B, &'o Cell<Option<C>>) {
        fn run(&self) { let place = self.0.get(); place.set(Some(self.1)); self.2.set(Some(place.get())); }
    }
    let out: Cell<Option<&'static u64>> = Cell::new(None);
    let all = (None, x, &out);
    let by: &dyn Debug = &all;
    by.run();
    out.get().unwrap_or(&0)
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 { core(x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
