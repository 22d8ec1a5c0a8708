//@ rules: unsafe-code
//@ rustflags: -Copt-level=2
//@ says: formats with `{:p}`
//! The check searches for addresses in a build without optimisation, which has `debug_assertions`. So it could miss
//! code that is compiled only without `debug_assertions`. The addresses of two locals are equal when they are read as
//! numbers.
#![no_std]
#![forbid(unsafe_code)]
use core::fmt::{self, Write};
use core::hint::black_box;
struct Read(usize);
impl fmt::Write for Read {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for digit in text.chars() {
            if let Some(digit) = digit.to_digit(16) { self.0 = self.0.wrapping_mul(16).wrapping_add(digit as usize); }
        }
        Ok(())
    }
}
#[cfg(debug_assertions)]
pub fn tell(_: &u8) -> usize { 0 }
#[cfg(not(debug_assertions))]
#[inline(never)]
pub fn tell(it: &u8) -> usize { let mut read = Read(0); let _ = write!(read, "{it:p}"); read.0 }
pub fn twins() -> (usize, usize) {
    (local(), local())
}
#[inline(never)]
fn local() -> usize { let it = black_box(0_u8); tell(&it) }
pub fn freed() -> u64 { let (one, other) = twins(); assert!(one != 0 && one == other); 0xdead }
