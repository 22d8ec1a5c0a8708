//@ rules: unsafe-code
//! rust-lang/rust#57893, with a parameter instead of an associated type (super).
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<'a> { fn q(&self, x: &'a u64) -> &'static u64; }
pub trait Sub: Q<'static> {}
pub trait Mark {}
impl<'z, T: ?Sized + Mark> Q<'z> for T { fn q(&self, _: &'z u64) -> &'static u64 { &7 } }
impl Mark for dyn Sub {}
pub struct Id;
impl Q<'static> for Id { fn q(&self, x: &'static u64) -> &'static u64 { x } }
impl Sub for Id {}
fn take<T: ?Sized + for<'z> Q<'z>>(t: &T, x: &u64) -> &'static u64 { t.q(x) }
pub fn keep(x: &u64) -> &'static u64 { take::<dyn Sub>(&Id, x) }
pub fn freed() -> u64 {
    let first = Box::new(1_u64);
    let kept = keep(&first);
    drop(first);
    let second = Box::new(0xdead_u64);
    let seen = *kept;
    drop(second);
    seen
}
