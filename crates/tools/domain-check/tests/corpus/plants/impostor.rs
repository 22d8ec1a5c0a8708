//@ rules: crate-source
//@ says: bitflags comes from a path
//@ manifest: [dependencies]
//@ manifest: bitflags = { path = "../bitflags" }
#![no_std]
#![forbid(unsafe_code)]
