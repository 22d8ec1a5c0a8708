//! A `&'static str` points into the image of a domain that may be unloaded.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new("text");
}
