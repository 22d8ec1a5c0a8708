//@ rules: unsafe-code
//@ says: the name _inner may be that of an item that a crate hides
//@ manifest: [dependencies]
//@ manifest: support-hidden = { path = "../support-hidden" }
#![no_std]
#![forbid(unsafe_code)]
//! A macro puts the word and the path together.
macro_rules! shown { ($name:ident) => { support_hidden::$name::peek } }
pub fn f(address: usize) -> u64 { shown!(_inner)(address) }
