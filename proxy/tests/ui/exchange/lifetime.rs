//! An exchangeable type owns all that it holds.

#![allow(unused)]

use samara_rref::Exchangeable;

#[derive(Exchangeable)]
struct View<'a> {
    bytes: &'a [u8],
}

fn main() {}
