//@ rules: unsafe-code
//@ says: unsafe block in or after fn planted
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
pub fn planted(address: usize) { support_macros::poke!(address) }
