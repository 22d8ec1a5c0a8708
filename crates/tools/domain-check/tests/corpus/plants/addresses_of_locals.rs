//@ rules: unsafe-code
//@ says: address
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#107975: LLVM assumes that two locals never have the same address, and yet it puts both at the same
//! place on the stack. So the difference of their addresses is zero although it was proved to be non-zero. An enum
//! uses the value zero of this field to mark its other variant.
use core::hint::black_box;
use core::num::NonZero;
pub enum Word { Number(NonZero<usize>, usize), Reference(&'static u64) }
static SEEN: u64 = 7;
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
#[inline(never)]
pub fn peek(address: usize) -> u64 {
    match word(address) { Word::Reference(found) => *found, Word::Number(..) => 0 }
}
