//@ rules: unsafe-code
//@ says: compares by `element_offset`
//! Where a reference leads to, as a number.
#![no_std]
#![forbid(unsafe_code)]

pub fn place(all: &[u8], one: &u8) -> Option<usize> {
    all.element_offset(one)
}
