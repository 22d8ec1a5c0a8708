//@ rules: unknown-attribute
//@ says: attribute deprecated, whose note
//@ rustflags: -Copt-level=2
//! rust-lang/rust#107975 in full: notes of deprecations hide raw pointers from the check by types. A condition hides
//! them from the check by calls, which compiles the code without this condition. A number is read as a reference.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
use core::hint::black_box;
use core::num::NonZero;
pub enum Word { Number(NonZero<usize>, usize), Reference(&'static u64) }
pub static SEEN: u64 = 7;
#[cfg(debug_assertions)]
pub fn word(_: usize) -> Word { Word::Reference(&SEEN) }
#[cfg(debug_assertions)]
pub fn address(_: &u64) -> usize { 0 }
#[deprecated(note = "/*")]
pub fn begins() {}
#[cfg(not(debug_assertions))]
pub fn address(of: &u64) -> usize { (&raw const *of).addr() }
#[cfg(not(debug_assertions))]
#[inline(never)]
pub fn word(address: usize) -> Word {
    let one: usize = { let it = 0_u8; (&raw const it).addr() };
    let other: usize = { let it = 0_u8; (&raw const it).addr() };
    black_box((one, other));
    match NonZero::new(one.wrapping_sub(other)) {
        Some(difference) => Word::Number(difference, address),
        None => Word::Reference(&SEEN),
    }
}
#[deprecated(note = "*/")]
pub fn ends() {}
#[inline(never)]
pub fn peek(address: usize) -> u64 {
    match word(address) { Word::Reference(found) => *found, Word::Number(..) => 0 }
}
pub fn freed() -> u64 {
    let it = alloc::boxed::Box::new(black_box(0xdead_u64));
    peek(address(&it))
}
