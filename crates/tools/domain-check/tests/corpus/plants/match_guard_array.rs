//@ rules: unsafe-code
//@ says: a match guard
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161578: an array as an operator's left operand reborrows its elements.
use core::ops::Add;
pub enum Value { Number(usize), Reference(&'static u64) }
pub struct Place { value: Value, to: usize }
pub struct Ask;
impl Add<Ask> for [&mut Place; 2] {
    type Output = bool;
    fn add(self, _: Ask) -> bool { let [_, place] = self; place.value = Value::Number(place.to); false }
}
static SEEN: u64 = 7;
#[inline(never)]
pub fn peek(address: usize) -> u64 {
    let other = &mut Place { value: Value::Number(0), to: 0 };
    let place = &mut Place { value: Value::Reference(&SEEN), to: address };
    match place.value {
        Value::Reference(_) if [other, place] + Ask && panic!() => 0,
        Value::Reference(found) => *found,
        Value::Number(_) => 1,
    }
}
