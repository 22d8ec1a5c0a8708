//! A capability cannot be taken out of the slot that would release it.

#![allow(unused)]

use samara_rref::{Cap, Capability};

fn keep<T: Capability>(cap: Cap<T>) -> T {
    cap.into_inner()
}

fn main() {}
