//! A `Cell` would be shared mutable state behind a borrow.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::cell::Cell;
fn main() {
    let _ = RRef::new(Cell::new(1_u8));
}
