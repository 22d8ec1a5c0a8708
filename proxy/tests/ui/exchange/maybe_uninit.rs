//! `MaybeUninit` may hold another domain's old bytes, or an `RRef` that is none.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::mem::MaybeUninit;
fn main() {
    let _ = RRef::new(MaybeUninit::<u8>::uninit());
}
