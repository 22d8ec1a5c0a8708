//! A type is exchangeable when it says so, not by its looks.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

struct Plain(u8);

fn main() {
    let _ = RRef::new(Plain(1));
}
