//! A function pointer does not cross: it is an address of the domain's code.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(main as fn());
}
