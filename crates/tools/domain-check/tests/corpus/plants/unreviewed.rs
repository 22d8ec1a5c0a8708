//@ rules: unreviewed-crate
//@ says: support-unreviewed is part of
//@ manifest: [dependencies]
//@ manifest: support-unreviewed = { path = "../support-unreviewed" }
#![no_std]
#![forbid(unsafe_code)]
pub use support_unreviewed::anything;
