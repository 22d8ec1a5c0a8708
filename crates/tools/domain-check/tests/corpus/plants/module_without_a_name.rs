//@ rules: authority, unsafe-code
//@ says: the word Ptr names a part of zerocopy
//@ manifest: [dependencies]
//@ manifest: zerocopy = { version = "0.8", features = ["derive"] }
#![no_std]
#![forbid(unsafe_code)]
//! The file's name consists of an extension only. Some programs take it for a name without an extension.
#[path = ".rs"]
pub mod hidden;
//@ file: src/.rs
pub use zerocopy::Ptr;
