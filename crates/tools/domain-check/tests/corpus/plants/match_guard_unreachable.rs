//@ rules: unsafe-code
//@ says: guard
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161578: if a guard changes the matched value and does not end normally, the old value is still
//! matched.
pub enum Either { At(&'static u64), Number(usize) }
pub fn peek(address: usize) -> u64 {
    let mut it = Either::At(&0);
    match it {
        Either::At(_) if { it = Either::Number(address); false } && panic!() => 0,
        Either::At(ref at) => **at,
        Either::Number(_) => 0,
    }
}
