//! A lock does not cross: if its holder dies, the other domain waits for ever.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::sync::Mutex;
fn main() {
    let _ = RRef::new(Mutex::new(1_u8));
}
