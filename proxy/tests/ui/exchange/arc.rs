//! An `Arc` shares private memory.

#![allow(unused)]

use samara_rref::RRef;
use std::sync::Arc;
fn main() {
    let _ = RRef::new(Arc::new(1_u8));
}
