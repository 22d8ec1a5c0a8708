//@ rules: crate-name
//@ says: the crate support_macros under the name samara_proxy
//@ manifest: [dependencies]
//@ manifest: samara-proxy = { package = "support-macros", path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
pub use samara_proxy::kept;
