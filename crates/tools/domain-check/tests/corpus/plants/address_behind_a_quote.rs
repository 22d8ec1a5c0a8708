//@ rules: unsafe-code
//@ says: address
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#107975: a type has a quote character as its argument. In a line of MIR this quote looks like the
//! beginning of a string literal, so the name of the called function after it is not seen.
use core::fmt::{self, Write};
use core::hint::black_box;
use core::num::NonZero;
pub enum Word { Number(NonZero<usize>, usize), Reference(&'static u64) }
static SEEN: u64 = 7;
struct Tag<const LETTER: char>(u8);
struct Shown<'a>(&'a Tag<'"'>);
impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.0, f)
    }
}
struct Read(usize);
impl fmt::Write for Read {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for digit in text.chars() {
            if let Some(digit) = digit.to_digit(16) { self.0 = self.0.wrapping_mul(16).wrapping_add(digit as usize); }
        }
        Ok(())
    }
}
#[inline(never)]
pub fn tell(it: &impl fmt::Display) -> usize { let mut read = Read(0); let _ = write!(read, "{it}"); read.0 }
pub fn twins() -> (usize, usize) {
    let one = { let it = Tag::<'"'>(black_box(0)); tell(&Shown(&it)) };
    let other = { let it = Tag::<'"'>(black_box(0)); tell(&Shown(&it)) };
    (one, other)
}
