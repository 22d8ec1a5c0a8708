//! A destructor would be code of one domain run in another, or never.
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
