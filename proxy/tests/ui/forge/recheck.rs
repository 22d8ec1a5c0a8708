//! Only the runtime chooses the function that runs where a no-cut mark ends, which may be in the middle of an entry.
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
