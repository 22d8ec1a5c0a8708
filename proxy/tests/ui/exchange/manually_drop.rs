//! `ManuallyDrop` would lose what it holds.

#![allow(unused)]

use samara_rref::RRef;
use std::mem::ManuallyDrop;
fn main() {
    let _ = RRef::new(ManuallyDrop::new(1_u8));
}
