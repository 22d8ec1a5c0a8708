//! A `&'static str` does not cross: it points into the image of a domain, which may be unloaded.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new("text");
}
