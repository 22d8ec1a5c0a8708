//@ rules: unsafe-code
//@ says: guard
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#160599: a guard redirects the matched reference.
pub enum Either { At(&'static u64), Number(usize) }
pub fn peek(address: usize) -> u64 {
    let mut at = (Either::At(&0), 0_u8);
    let mut number = (Either::Number(address), 0_u8);
    let mut it = &mut at;
    match it.0 {
        Either::At(_) if { it.1 = 1; it = &mut number; false } => 0,
        Either::At(at) => *at,
        Either::Number(_) => 0,
    }
}
