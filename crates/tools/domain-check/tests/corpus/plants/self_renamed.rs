//@ rules: crate-name
//@ says: a crate by another name, samara_rref
#![no_std]
#![forbid(unsafe_code)]
extern crate self as samara_rref;
