//! `ManuallyDrop` does not cross: its contents would never be released.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::mem::ManuallyDrop;
fn main() {
    let _ = RRef::new(ManuallyDrop::new(1_u8));
}
