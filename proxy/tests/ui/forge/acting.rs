//! Acting on behalf of another owner is `unsafe`.
//!
//! Invariant: AUTH-8

#![allow(unused)]

use samara_shared_heap::{Owner, heap, thread};

fn main() {
    let slot = thread::current();
    let frame = thread::Frame::new(Owner::HOST, slot.top());
    slot.set_top(&frame);
    thread::as_host(|| ());
    heap::reclaim(Owner::HOST);
}
