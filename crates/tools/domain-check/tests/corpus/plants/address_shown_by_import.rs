//@ rules: unsafe-code
//@ says: formats as `fmt::Pointer` does
//! The trait that shows an address is not named at its use.
#![no_std]
#![forbid(unsafe_code)]

use core::fmt::*;

pub struct Silent;

pub struct Shown<'a>(pub &'a Silent);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        (&self.0).fmt(f)
    }
}
