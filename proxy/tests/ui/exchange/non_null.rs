//! `NonNull` does not cross either.

#![allow(unused)]

use samara_rref::RRef;
use std::ptr::NonNull;
fn main() {
    let _ = RRef::new(NonNull::<u8>::dangling());
}
