//@ rules: unsafe-code
//@ says: hands `to` to a function
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161578, where an operator writes: a struct's field is reborrowed.
use core::ops::Add;
pub enum Either { At(&'static u64), Number(usize) }
pub struct Holds<'a> { to: &'a mut Either }
impl Add<usize> for Holds<'_> {
    type Output = bool;
    fn add(self, address: usize) -> bool { *self.to = Either::Number(address); false }
}
pub fn peek(to: &mut Either, address: usize) -> u64 {
    match *to {
        Either::At(_) if (Holds { to: to } + address) && panic!() => 0,
        Either::At(ref at) => **at,
        Either::Number(_) => 0,
    }
}
