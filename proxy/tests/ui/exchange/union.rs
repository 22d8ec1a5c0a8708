//! A union does not cross: a transfer cannot know which objects it owns.
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
