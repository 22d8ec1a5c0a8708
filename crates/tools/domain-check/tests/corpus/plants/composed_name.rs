//@ rules: reserved-name
//@ says: the compiler may read the name
#![no_std]
#![forbid(unsafe_code)]
#![allow(non_camel_case_types)]
//! The compiler composes a letter and a combining mark into one letter. The result is a name that a derive makes up,
//! and a search for that name does not find it.
pub type ẕfield = u8;
pub const SAME: ẕfield = 1;
