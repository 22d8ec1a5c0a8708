//@ rustflags: -Copt-level=2
//@ rules: unsafe-code
//@ says: casts a pointer or a function to a number
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;
#[cfg(debug_assertions)] pub fn number(_: fn()) -> usize { 0 }
#[cfg(not(debug_assertions))] pub fn number(of: fn()) -> usize { of as usize }
