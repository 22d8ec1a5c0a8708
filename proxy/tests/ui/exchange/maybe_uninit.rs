//! `MaybeUninit` does not cross: it may hold old bytes of another domain, or an invalid `RRef`.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::RRef;
use std::mem::MaybeUninit;
fn main() {
    let _ = RRef::new(MaybeUninit::<u8>::uninit());
}
