//@ rules: crate-kind, not-linked
//@ says: is a procedural macro
//@ manifest: [lib]
//@ manifest: proc-macro = true
#![forbid(unsafe_code)]
