//! A `Vec` points into a private heap.

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(vec![1_u8]);
}
