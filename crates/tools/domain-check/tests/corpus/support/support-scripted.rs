#![no_std]
//@ file: build.rs
fn main() {}
