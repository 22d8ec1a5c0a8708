//! Claiming that a reference may be lent is `unsafe`.
//!
//! Invariant: AUTH-2

#![allow(unused)]

use samara_rref::Lend;

struct Mine(Box<u8>);

impl Lend for Mine {}

fn main() {}
