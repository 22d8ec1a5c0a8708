//! A closure does not cross: it holds code and its captures.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(|| 1_u8);
}
