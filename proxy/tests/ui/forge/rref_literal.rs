//! An `RRef` cannot be made from its parts.
//!
//! Invariant: OWN-2

#![allow(unused)]

use samara_rref::RRef;
use std::marker::PhantomData;
use std::ptr::NonNull;

fn main() {
    let _ = RRef::<u8> {
        value: NonNull::dangling(),
        owns: PhantomData,
    };
}
