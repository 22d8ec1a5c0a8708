//@ rules: cfg
//@ says: the condition target_has_atomic may have other values
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
//! A condition that holds only where unstable code is allowed hides the output of a macro from the checks.
#[cfg(not(target_has_atomic))]
pub fn poke(address: usize) { support_macros::poke!(address) }
