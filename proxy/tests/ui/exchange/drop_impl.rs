//! An exchangeable type has no destructor: it would run in another domain, or not at all.
//!
//! Invariant: CROSS-2

#![allow(unused)]

use samara_rref::{Exchangeable, RRef};

#[derive(Exchangeable)]
struct Guard(RRef<u8>);

impl Drop for Guard {
    fn drop(&mut self) {}
}

fn main() {}
