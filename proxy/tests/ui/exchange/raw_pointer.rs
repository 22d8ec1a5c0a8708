//! A raw pointer does not cross: it owns nothing, and nothing checks it.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(std::ptr::null::<u8>());
}
