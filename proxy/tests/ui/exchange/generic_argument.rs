//! A generic type is exchangeable only for exchangeable arguments.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::{Exchangeable, RRef};

#[derive(Exchangeable)]
struct Pair<T>(T, T);

fn main() {
    let _ = RRef::new(Pair(1_u8, 2));
    let _ = RRef::new(Pair(Box::new(1_u8), Box::new(2)));
}
