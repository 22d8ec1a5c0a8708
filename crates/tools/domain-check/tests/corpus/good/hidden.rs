//@ manifest: [dependencies]
//@ manifest: support-hidden = { path = "../support-hidden" }
//! An item that is hidden from domains, used by the macro that it is meant for; and variables with hidden names.
#![no_std]
#![forbid(unsafe_code)]

pub struct Held {
    _guard: u8,
}

pub fn look(_held: &Held, _: u8) -> u64 {
    let _unused = Held { _guard: _held._guard };
    support_hidden::looked!(1)
}
