//! Nor may a function itself cross, which is zero-sized.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(main);
}
