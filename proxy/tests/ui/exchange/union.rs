//! What a union owns is not known.

#![allow(unused)]

use samara_rref::Exchangeable;

#[derive(Clone, Copy, Exchangeable)]
union Word {
    whole: u32,
    bytes: [u8; 4],
}

fn main() {}
