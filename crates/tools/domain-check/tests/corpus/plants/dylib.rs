//@ rules: crate-kind, no-std
//@ says: the crate type dylib
//@ manifest: [lib]
//@ manifest: crate-type = ["rlib", "dylib"]
#![forbid(unsafe_code)]
