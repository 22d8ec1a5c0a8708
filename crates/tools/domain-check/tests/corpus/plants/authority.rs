//@ rules: authority
//@ says: support-trusted in its manifest
//@ manifest: [dependencies]
//@ manifest: support-trusted = { path = "../support-trusted" }
#![no_std]
#![forbid(unsafe_code)]
pub use support_trusted::authority;
