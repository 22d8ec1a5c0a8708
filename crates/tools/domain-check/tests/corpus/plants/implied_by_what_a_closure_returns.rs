//@ rules: implied-bound
//@ says: calls a function for M, which stands in neither
//! rust-lang/rust#25860: `or_new` is everyday code, but the type that the closure before it returns is not checked.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ops::Deref;
pub struct Via<A, F, G, H>(A, F, G, H);
pub trait Run<B, C> { fn run(self, b: B) -> C; }
impl<A, B, C, M, P: Deref<Target = Cell<Option<B>>>, F: FnOnce(A) -> M, G: FnOnce(M) -> P, H: FnOnce(P) -> C> Run<B, C> for Via<A, F, G, H> {
    fn run(self, b: B) -> C { let place = (self.2)((self.1)(self.0)); place.set(Some(b)); (self.3)(place) }
}
pub fn take<'a, 'b>(place: &'a Cell<Option<&'b u64>>) -> &'a u64 { place.get().unwrap_or(&0) }
pub fn or_new<'a, T>(place: Option<&'a Cell<Option<T>>>) -> &'a Cell<Option<T>> { place.unwrap_or_else(|| Box::leak(Box::new(Cell::new(None)))) }
pub fn keep<'b>(x: &'b u64) -> &'static u64 { Via((), |_: ()| None, or_new, take).run(x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
