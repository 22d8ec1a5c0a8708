//! An `Arc` shares private memory.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::sync::Arc;
fn main() {
    let _ = RRef::new(Arc::new(1_u8));
}
