//@ rules: not-understood
//@ says: names a place that can
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#107975: to a search in text, two string literals look like the beginning and the end of a closure's
//! place. The search would remove the code between them before it looks for raw pointers.
use core::hint::black_box;
use core::num::NonZero;
pub enum Word { Number(NonZero<usize>, usize), Reference(&'static u64) }
static SEEN: u64 = 7;
#[inline(never)]
pub fn word(address: usize) -> Word {
    let one: usize = { let it = 0_u8; let _a = "{closure@"; let at: usize = (&raw const it).addr(); let _b = "}"; at };
    let other: usize = { let it = 0_u8; let _a = "{closure@"; let at: usize = (&raw const it).addr(); let _b = "}"; at };
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
