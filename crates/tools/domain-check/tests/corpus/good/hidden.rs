//@ manifest: [dependencies]
//@ manifest: support-hidden = { path = "../support-hidden" }
//! The domain reaches a hidden item through the macro for which the item is meant, and has variables with hidden
//! names. Both are allowed.
#![no_std]
#![forbid(unsafe_code)]

pub struct Held {
    _guard: u8,
}

pub fn look(_held: &Held, _: u8) -> u64 {
    let _unused = Held { _guard: _held._guard };
    support_hidden::looked!(1)
}
