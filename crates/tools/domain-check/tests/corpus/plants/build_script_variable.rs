//@ rules: build-script, environment
//@ says: the value of PLANTED
#![no_std]
#![forbid(unsafe_code)]
pub const PLANTED: &str = env!("PLANTED");
//@ file: build.rs
fn main() { println!("cargo::rustc-env=PLANTED=x"); }
