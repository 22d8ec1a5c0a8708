//! A type that contains itself does not cross: its transfer would take unbounded time.
//!
//! Invariant: CROSS-3

#![allow(unused)]

use samara_rref::{Exchangeable, RRef};

#[derive(Exchangeable)]
struct Node {
    value: u8,
    next: Option<RRef<Node>>,
}

fn main() {}
