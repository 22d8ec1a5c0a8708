//@ rules: not-understood, outside-file
//@ says: whose name may be taken for code
#![no_std]
#![forbid(unsafe_code)]
//! The compiler prints a closure's type with the name of its file, where a bracket opens a list.
#[path = "a(b.rs"]
pub mod named;
//@ file: src/a(b.rs
pub fn f(x: u8) -> u8 {
    let add = |y: u8| y.wrapping_add(x);
    add(x)
}
