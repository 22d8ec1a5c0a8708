//@ rules: unknown-attribute
//@ says: type_length_limit
#![no_std]
#![forbid(unsafe_code)]
#![type_length_limit = "0"]
//! rust-lang/rust#107975: the compiler prints a type only up to its length limit. So the check does not see raw
//! pointers in a function's type.
use core::hash::Hasher;
use core::hint::black_box;
use core::num::NonZero;
pub enum Word { Number(NonZero<usize>, usize), Reference(&'static u64) }
static SEEN: u64 = 7;
struct Place(usize);
impl Hasher for Place {
    fn finish(&self) -> u64 { 0 }
    fn write(&mut self, _: &[u8]) {}
    fn write_usize(&mut self, number: usize) { self.0 = number; }
}
#[inline(always)]
fn place(of: &u8) -> usize { let mut place = Place(0); core::ptr::hash(of, &mut place); place.0 }
#[inline(never)]
pub fn word(address: usize) -> Word {
    let one: usize = { let it = 0_u8; place(&it) };
    let other: usize = { let it = 0_u8; place(&it) };
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
