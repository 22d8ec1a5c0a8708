//! A raw pointer owns nothing and checks nothing.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(std::ptr::null::<u8>());
}
