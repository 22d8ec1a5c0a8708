//@ rules: unsafe-code
//@ says: the name _inner may be that of an item that a crate hides
//@ manifest: [dependencies]
//@ manifest: support-hidden = { path = "../support-hidden" }
#![no_std]
#![forbid(unsafe_code)]
pub fn f(address: usize) -> u64 { support_hidden::_inner::peek(address) }
