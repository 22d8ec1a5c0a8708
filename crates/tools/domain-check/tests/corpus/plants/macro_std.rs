//@ rules: no-std
//@ says: extern crate std
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
support_macros::with_std!();
