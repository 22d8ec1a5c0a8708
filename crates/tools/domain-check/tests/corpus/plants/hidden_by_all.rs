//@ rules: unsafe-code
//@ says: the name _inner may be that of an item that a crate hides
//@ manifest: [dependencies]
//@ manifest: support-hidden = { path = "../support-hidden" }
#![no_std]
#![forbid(unsafe_code)]
//! The name comes first in the path, as a module of the crate's own would.
use support_hidden::*;
pub fn f(address: usize) -> u64 { _inner::peek(address) }
