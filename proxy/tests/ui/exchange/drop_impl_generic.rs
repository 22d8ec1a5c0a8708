//! A generic exchangeable type has no destructor either.
//!
//! Invariant: CROSS-2

#![allow(unused)]

use samara_rref::{Exchangeable, RRef};

#[derive(Exchangeable)]
struct Guard<T: Exchangeable>(RRef<T>);

impl<T: Exchangeable> Drop for Guard<T> {
    fn drop(&mut self) {}
}

fn main() {}
