//! The error for a field points at the field.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::{Exchangeable, RRef};

#[derive(Exchangeable)]
struct Request {
    lba: u64,
    data: RRef<[u8; 512]>,
    done: fn(u64),
}

fn main() {}
