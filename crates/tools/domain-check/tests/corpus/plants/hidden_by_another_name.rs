//@ rules: unsafe-code
//@ says: the name _inner may be that of an item that a crate hides
//@ manifest: [dependencies]
//@ manifest: support-hidden = { path = "../support-hidden" }
#![no_std]
#![forbid(unsafe_code)]
use support_hidden::{r#_inner as shown};
pub fn f(address: usize) -> u64 { shown::peek(address) }
