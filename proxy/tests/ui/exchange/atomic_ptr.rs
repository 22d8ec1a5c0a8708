//! An `AtomicPtr` is a raw pointer.

#![allow(unused)]

use samara_rref::RRef;
use std::sync::atomic::AtomicPtr;
fn main() {
    let _ = RRef::new(AtomicPtr::<u8>::default());
}
