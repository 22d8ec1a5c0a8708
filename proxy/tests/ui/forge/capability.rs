//! To declare a class of capabilities is `unsafe`.

#![allow(unused)]

use samara_rref::Capability;

struct Mine;

impl Capability for Mine {
    const NAME: &'static str = "Mine";
}

fn main() {}
