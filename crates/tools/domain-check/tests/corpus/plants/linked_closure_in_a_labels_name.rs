//@ rules: reserved-name
//@ says: `closure_sig_as_fn_ptr_ty` is the compiler's name for a part
//! rust-lang/rust#25860: a closure's argument is a struct of an inferred type, in a function with the label's name.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
pub struct Pair<'a, T>(Option<&'a T>, &'a Cell<Option<Box<dyn Num + 'a>>>);
pub trait Num { fn num(&self) -> &u64; }
impl Num for &u64 { fn num(&self) -> &u64 { self } }
pub fn closure_sig_as_fn_ptr_ty<'x>(x: &'x u64) -> &'static u64 {
    let at: &'static Cell<Option<Box<dyn Num>>> = Box::leak(Box::new(Cell::new(None)));
    let put = |p: Pair<'_, _>, it: &'x u64| { let mut known = p.0; if false { known = Some(Box::leak(Box::new(it))); } p.1.set(Some(Box::new(it))); drop(known); };
    let put: fn(Pair<'static, &'static u64>, &'x u64) = put;
    put(Pair(None, at), x);
    let it: &'static Box<dyn Num> = Box::leak(Box::new(at.take().unwrap()));
    it.num()
}
pub fn keep<'x>(x: &'x u64) -> &'static u64 { closure_sig_as_fn_ptr_ty(x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
