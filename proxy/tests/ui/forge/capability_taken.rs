//! A capability cannot be taken out of the slot that releases it.
//!
//! Invariant: DEV-2

#![allow(unused)]

use samara_rref::{Cap, Capability};

fn keep<T: Capability>(cap: Cap<T>) -> T {
    cap.into_inner()
}

fn main() {}
