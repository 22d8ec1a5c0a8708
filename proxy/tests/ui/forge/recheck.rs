//! What is called wherever a no-cut mark ends, between the steps of an entry too, is not anybody's.
//!
//! Invariant: AUTH-4

#![allow(unused)]

use samara_shared_heap::thread;

fn again() {
    panic!("half-way into a domain")
}

fn main() {
    thread::current().recheck_later(again);
}
