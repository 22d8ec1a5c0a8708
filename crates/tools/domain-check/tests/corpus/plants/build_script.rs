//@ rules: build-script
//@ says: has a build script
#![no_std]
#![forbid(unsafe_code)]
//@ file: build.rs
fn main() {}
