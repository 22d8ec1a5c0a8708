//@ rules: feature
//@ says: support-careless is built with the feature careless
//@ manifest: [dependencies]
//@ manifest: support-careless = { path = "../support-careless", features = ["careless"] }
#![no_std]
#![forbid(unsafe_code)]
//! A procedural macro, with a feature that was not reviewed.
support_careless::nothing!();
