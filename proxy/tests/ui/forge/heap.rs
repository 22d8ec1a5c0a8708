//! The functions of the heap are `unsafe`.
//!
//! Invariant: OWN-3

#![allow(unused)]

use samara_shared_heap::{Owner, class, heap};

fn main() {
    let place = class::place(8, 8);
    let slot = heap::alloc(place, 8, 8).unwrap();
    heap::set_owner(slot, place, Owner::HOST);
    heap::free(slot, place);
}
