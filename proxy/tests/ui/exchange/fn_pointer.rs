//! A function pointer is a code address of the domain that made it.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(main as fn());
}
