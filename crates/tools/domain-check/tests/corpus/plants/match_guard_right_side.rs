//@ rules: unsafe-code
//@ says: hands `to` to a function
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161578, where an operator writes: its right operand is reborrowed like an argument.
use core::ops::Add;
pub enum Either { At(&'static u64), Number(usize) }
pub struct Number(usize);
impl Add<&mut Either> for Number {
    type Output = bool;
    fn add(self, to: &mut Either) -> bool { *to = Either::Number(self.0); false }
}
pub fn peek(to: &mut Either, address: usize) -> u64 {
    match *to {
        Either::At(_) if Number(address) + to && panic!() => 0,
        Either::At(ref at) => **at,
        Either::Number(_) => 0,
    }
}
