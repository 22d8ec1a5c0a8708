//@ rules: crate-name
//@ says: a crate by another name, samara_domain
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
support_macros::name_taken!();
