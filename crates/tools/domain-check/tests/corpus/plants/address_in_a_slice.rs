//@ rules: unsafe-code
//@ says: compares by `element_offset`
//! Gets the target of a reference as a number.
#![no_std]
#![forbid(unsafe_code)]

pub fn place(all: &[u8], one: &u8) -> Option<usize> {
    all.element_offset(one)
}
