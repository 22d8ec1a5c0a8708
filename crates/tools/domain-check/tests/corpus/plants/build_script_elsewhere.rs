//@ rules: build-script
//@ says: has a build script
//@ package: build = "src/innocent.rs"
#![no_std]
#![forbid(unsafe_code)]
//@ file: src/innocent.rs
fn main() {}
