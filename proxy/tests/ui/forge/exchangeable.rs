//! Claiming that a type may cross is `unsafe`.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::{Exchangeable, Transfer, TypeDescriptor};

struct Mine(Box<u8>);

impl Exchangeable for Mine {
    const NESTED: bool = false;
    const DEPTH: usize = 0;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>("Mine");
    fn transfer(&self, _: &Transfer) {}
}

fn main() {}
