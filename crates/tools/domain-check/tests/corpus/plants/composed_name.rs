//@ rules: reserved-name
//@ says: the compiler may read the name
#![no_std]
#![forbid(unsafe_code)]
#![allow(non_camel_case_types)]
//! A letter and a combining mark, which the compiler composes into one letter: the result is a name that a derive
//! makes up, and no search finds it.
pub type ẕfield = u8;
pub const SAME: ẕfield = 1;
