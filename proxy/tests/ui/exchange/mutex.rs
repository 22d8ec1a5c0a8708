//! A lock that its dead holder never releases would block the other side.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::sync::Mutex;
fn main() {
    let _ = RRef::new(Mutex::new(1_u8));
}
