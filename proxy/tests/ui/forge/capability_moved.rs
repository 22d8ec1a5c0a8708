//! The holder of a capability cannot change its owner.
//!
//! Invariant: OWN-3

#![allow(unused)]

use samara_rref::{Cap, Capability, Owner};

fn give<T: Capability>(cap: &Cap<T>) {
    cap.set_owner(Owner::HOST);
}

fn main() {}
