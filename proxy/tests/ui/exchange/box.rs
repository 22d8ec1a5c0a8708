//! A `Box` points into a private heap.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(Box::new(1_u8));
}
