//! A capability does not change hands by the word of its holder.
//!
//! Invariant: OWN-3

#![allow(unused)]

use samara_rref::{Cap, Capability, Owner};

fn give<T: Capability>(cap: &Cap<T>) {
    cap.set_owner(Owner::HOST);
}

fn main() {}
