//@ rules: unsafe-code
//@ says: the name _peek may be that of an item that a crate hides
//@ manifest: [dependencies]
//@ manifest: support-hidden = { path = "../support-hidden" }
#![no_std]
#![forbid(unsafe_code)]
pub fn f() -> u64 { support_hidden::peeks()._peek() }
