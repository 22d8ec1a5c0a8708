//@ rules: unsafe-code
//@ says: the name _inner may be of what a crate hides
//@ manifest: [dependencies]
//@ manifest: support-hidden = { path = "../support-hidden" }
#![no_std]
#![forbid(unsafe_code)]
//! The word and the path are put together by a macro.
macro_rules! shown { ($name:ident) => { support_hidden::$name::peek } }
pub fn f(address: usize) -> u64 { shown!(_inner)(address) }
