//@ rules: unsafe-code
//@ says: hands `it` to a function
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161578: the pattern `it` of a macro is not the variable `it` that the guard changes.
pub enum Either { At(&'static u64), Number(usize) }
impl Either { fn set(&mut self, a: usize) -> bool { *self = Either::Number(a); false } }
macro_rules! other { () => { it } }
pub fn peek(address: usize) -> u64 {
    let mut it = Either::At(&0);
    match it {
        Either::Number(_) => 0,
        other!() if it.set(address) && panic!() => 0,
        Either::At(ref at) => **at,
    }
}
