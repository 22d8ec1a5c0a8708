//@ rules: unsafe-code
//@ says: a match guard
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161578: as match_guard_operator, but a cast reborrows the operand.
use core::ops::Not;
pub enum Value { Number(usize), Reference(&'static u64) }
pub struct Place { value: Value, to: usize }
impl Not for &mut Place {
    type Output = bool;
    fn not(self) -> bool { self.value = Value::Number(self.to); false }
}
static SEEN: u64 = 7;
#[inline(never)]
pub fn peek(address: usize) -> u64 {
    let place = &mut Place { value: Value::Reference(&SEEN), to: address };
    match place.value {
        Value::Reference(_) if !(place as &mut Place) && panic!() => 0,
        Value::Reference(found) => *found,
        Value::Number(_) => 1,
    }
}
