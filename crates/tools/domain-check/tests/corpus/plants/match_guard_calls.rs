//@ rules: unsafe-code
//@ says: hands `it` to a function
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161578, where the change and the abnormal end are behind calls.
pub enum Either { At(&'static u64), Number(usize) }
impl Either { fn set(&mut self, a: usize) -> bool { *self = Either::Number(a); false } }
pub fn peek(address: usize) -> u64 {
    let mut it = Either::At(&0);
    match it {
        Either::At(_) if it.set(address) && panic!() => 0,
        Either::At(ref at) => **at,
        Either::Number(_) => 0,
    }
}
