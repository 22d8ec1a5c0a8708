//! A capability is used through a shared reference, so it cannot be swapped out.
//!
//! Invariant: DEV-2

#![allow(unused)]

use samara_rref::{Cap, Capability};

fn swap<T: Capability>(mut cap: Cap<T>, other: T) -> T {
    std::mem::replace(&mut *cap, other)
}

fn main() {}
