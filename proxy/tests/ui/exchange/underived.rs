//! A type is exchangeable only if it derives or implements the trait.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

struct Plain(u8);

fn main() {
    let _ = RRef::new(Plain(1));
}
