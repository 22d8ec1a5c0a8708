//! A `&'static str` points into the image of a domain that may be unloaded.

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new("text");
}
