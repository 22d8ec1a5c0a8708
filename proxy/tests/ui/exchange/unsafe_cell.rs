//! An `UnsafeCell` would be shared mutable state behind a borrow, too.

#![allow(unused)]

use samara_rref::RRef;
use std::cell::UnsafeCell;
fn main() {
    let _ = RRef::new(UnsafeCell::new(1_u8));
}
