//@ rules: no-std
//@ says: extern crate proc_macro
#![no_std]
#![forbid(unsafe_code)]
/// It links `std` itself.
extern crate proc_macro as _;
