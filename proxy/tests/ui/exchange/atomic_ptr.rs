//! An `AtomicPtr` is a raw pointer.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::sync::atomic::AtomicPtr;
fn main() {
    let _ = RRef::new(AtomicPtr::<u8>::default());
}
