//@ rules: unreviewed-crate
//@ says: support-unreviewed is part of
//@ features: hidden
//@ manifest: [features]
//@ manifest: hidden = ["dep:support-unreviewed"]
//@ manifest: [dependencies]
//@ manifest: support-unreviewed = { path = "../support-unreviewed", optional = true }
#![no_std]
#![forbid(unsafe_code)]
#[cfg(feature = "hidden")]
pub use support_unreviewed::anything;
