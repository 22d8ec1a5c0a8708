//! A generic type that contains itself through a slice does not cross either.
//!
//! Invariant: CROSS-3

#![allow(unused)]

use samara_rref::{Exchangeable, RRef};

#[derive(Exchangeable)]
struct Node<T: Exchangeable> {
    value: T,
    next: Option<RRef<[Node<T>]>>,
}

fn main() {
    let _ = RRef::try_from_fn(1, |_| Node {
        value: 1_u8,
        next: None,
    });
}
