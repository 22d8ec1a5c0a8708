//@ rules: native-library, build-script
//@ says: links the native library planted
//@ package: links = "planted"
#![no_std]
#![forbid(unsafe_code)]
//@ file: build.rs
fn main() {}
