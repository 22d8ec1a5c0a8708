//@ rules: writable-static
//@ says: support_stateful::COUNT
//@ manifest: [dependencies]
//@ manifest: support-stateful = { path = "../support-stateful" }
#![no_std]
#![forbid(unsafe_code)]
pub use support_stateful::COUNT;
