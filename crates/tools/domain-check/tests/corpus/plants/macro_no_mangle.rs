//@ rules: unsafe-attribute
//@ says: unsafe attribute (no_mangle)
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
support_macros::exported!(memcpy_of_mine);
