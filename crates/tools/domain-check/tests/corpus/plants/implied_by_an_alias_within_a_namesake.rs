//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: an alias stands for another alias of the same name.
extern crate alloc;
use alloc::boxed::Box;
pub mod z { pub type A<'c, 'd> = (Option<&'static &'d ()>, &'c ()); }
pub mod y { pub type B<'b> = super::z::A<'b, 'b>; }
pub type A<'b> = y::B<'b>;
pub fn give<'b>(_: A<'b>, x: &'b u64) -> &'static u64 { x }
pub fn keep<'b>(x: &'b u64) -> &'static u64 {
    let give: for<'y> fn((Option<&'static &'static ()>, &'static ()), &'y u64) -> &'static u64 = give;
    give((None, &()), x)
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
