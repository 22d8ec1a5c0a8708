//@ rules: unsafe-code
//@ says: guard
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#161578: what a guard changes that does not end well is still matched as it was before.
pub enum Either { At(&'static u64), Number(usize) }
pub fn peek(address: usize) -> u64 {
    let mut it = Either::At(&0);
    match it {
        Either::At(_) if { it = Either::Number(address); false } && panic!() => 0,
        Either::At(ref at) => **at,
        Either::Number(_) => 0,
    }
}
