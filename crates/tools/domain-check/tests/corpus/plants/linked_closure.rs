//@ rules: linked-value
//@ says: the closure `shown::{closure#0}` is a value
//! The closure's argument has a lifetime that each caller of the closure chooses.
#![no_std]
#![forbid(unsafe_code)]

use core::fmt::{Error, Formatter};

pub struct Shown<F>(F);

fn with<F: Fn(&mut Formatter<'_>) -> Result<(), Error>>(f: F) -> Shown<F> {
    Shown(f)
}

pub fn shown(number: u8) {
    let _ = with(|f| core::fmt::Display::fmt(&number, f));
}
