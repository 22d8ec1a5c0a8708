//! Nor may a function itself cross, which is zero-sized.

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(main);
}
