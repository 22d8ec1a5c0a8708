//! A `RefCell` would be shared mutable state behind a borrow, too.

#![allow(unused)]

use samara_rref::RRef;
use std::cell::RefCell;
fn main() {
    let _ = RRef::new(RefCell::new(1_u8));
}
