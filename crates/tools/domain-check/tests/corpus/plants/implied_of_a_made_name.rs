//@ rules: implied-bound
//@ says: '_2
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a lifetime has the name that the check gives to an elided one.
extern crate alloc;
use alloc::boxed::Box;
pub struct Own<'b>(pub &'b ());
impl<'b> Own<'b> {
    pub fn give<'_2>(&self, x: &'b u64, _: &()) -> &u64 where 'b: '_2 { x }
}
pub fn keep<'b>(x: &'b u64) -> &'static u64 {
    let give: fn(&'static Own<'static>, &'b u64, &()) -> &'static u64 = Own::<'b>::give;
    give(&Own(&()), x, &())
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
