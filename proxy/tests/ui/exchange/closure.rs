//! A closure carries code and whatever it captured.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(|| 1_u8);
}
