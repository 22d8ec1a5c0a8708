//! Declaring a class of capabilities is `unsafe`.
//!
//! Invariant: AUTH-2

#![allow(unused)]

use samara_rref::Capability;

struct Mine;

impl Capability for Mine {
    const NAME: &'static str = "Mine";
}

fn main() {}
