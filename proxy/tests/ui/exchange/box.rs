//! A `Box` points into a private heap.

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(Box::new(1_u8));
}
