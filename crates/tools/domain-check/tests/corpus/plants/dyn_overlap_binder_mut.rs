//@ rules: unsafe-code
//! rust-lang/rust#57893, with a parameter instead of an associated type (mut).
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use alloc::boxed::Box;
pub trait Q<'a> { fn put(&self, x: &'a mut u64) -> &'static mut u64; }
pub trait Sub: Q<'static> {}
pub trait Mark {}
impl<'z, T: ?Sized + Mark> Q<'z> for T { fn put(&self, _: &'z mut u64) -> &'static mut u64 { Box::leak(Box::new(7)) } }
impl Mark for dyn Sub {}
pub struct Id;
impl Q<'static> for Id { fn put(&self, x: &'static mut u64) -> &'static mut u64 { x } }
impl Sub for Id {}
fn take<T: ?Sized + for<'z> Q<'z>>(t: &T, x: &mut u64) -> &'static mut u64 { t.put(x) }
pub fn freed() -> u64 {
    let mut at = 1_u64;
    let one = take::<dyn Sub>(&Id, &mut at);
    let two = take::<dyn Sub>(&Id, &mut at);
    *one = 0xdead;
    *two
}
