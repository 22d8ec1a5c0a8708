//@ rules: crate-name
//@ says: the name samara_domain of another crate
//@ manifest: [lib]
//@ manifest: name = "samara_domain"
#![no_std]
#![forbid(unsafe_code)]
