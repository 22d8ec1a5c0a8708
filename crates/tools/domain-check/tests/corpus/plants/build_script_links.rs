//@ rules: build-script, compiler-flag
//@ says: -L native=/nowhere
#![no_std]
#![forbid(unsafe_code)]
//@ file: build.rs
fn main() { println!("cargo::rustc-link-search=native=/nowhere"); }
