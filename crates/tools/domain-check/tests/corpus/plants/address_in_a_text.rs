//@ rules: unsafe-code
//@ says: formats with `{:p}`
//! Formats an address as text.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub fn text(local: &u8) -> alloc::string::String {
    alloc::format!("{local:#p}")
}
