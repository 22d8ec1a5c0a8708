//@ rules: not-understood
//@ says: could not be read
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a closure takes an alias that nests more aliases than the check expands.
extern crate alloc;
use alloc::boxed::Box;
type A1<'b> = A0<'b>;
type A2<'b> = A1<'b>;
type A3<'b> = A2<'b>;
type A4<'b> = A3<'b>;
type A5<'b> = A4<'b>;
type A6<'b> = A5<'b>;
type A7<'b> = A6<'b>;
type A8<'b> = A7<'b>;
type A9<'b> = A8<'b>;
type A10<'b> = A9<'b>;
type A11<'b> = A10<'b>;
type A12<'b> = A11<'b>;
type A13<'b> = A12<'b>;
type A14<'b> = A13<'b>;
type A15<'b> = A14<'b>;
type A16<'b> = A15<'b>;
type A17<'b> = A16<'b>;
type A18<'b> = A17<'b>;
type A19<'b> = A18<'b>;
type A20<'b> = A19<'b>;
type A0<'b> = (Option<&'static &'b ()>, &'b u64);
pub fn keep<'x>(x: &'x u64) -> &'static u64 {
    let give = |p: A20<'_>| -> &'static u64 { p.1 };
    let give: fn((Option<&'static &'static ()>, &'x u64)) -> &'static u64 = give;
    give((None, x))
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
