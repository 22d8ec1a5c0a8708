//! What a union owns is not known.
//!
//! Invariant: CROSS-4

#![allow(unused)]

use samara_rref::Exchangeable;

#[derive(Clone, Copy, Exchangeable)]
union Word {
    whole: u32,
    bytes: [u8; 4],
}

fn main() {}
