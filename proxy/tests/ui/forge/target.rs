//! Claiming that a type may stand behind an `RRef` is `unsafe`.
//!
//! Invariant: AUTH-2

#![allow(unused)]

use samara_rref::{Target, Transfer};
use samara_shared_heap::class::Place;
use std::ptr::NonNull;

impl Target for str {
    const NESTED: bool = false;
    const DEPTH: usize = 0;
    fn place_of(_: NonNull<Self>) -> Place {
        Place::Large
    }
    fn transfer_value(&self, _: &Transfer) {}
}

fn main() {}
