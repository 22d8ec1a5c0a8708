//! An exchangeable type owns everything that it holds.
//!
//! Invariant: CROSS-4

#![allow(unused)]

use samara_rref::Exchangeable;

#[derive(Exchangeable)]
struct View<'a> {
    bytes: &'a [u8],
}

fn main() {}
