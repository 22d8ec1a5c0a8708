//! An object has one owner, so an `RRef` has no `clone`.
//!
//! Invariant: OWN-2

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let object = RRef::new(1_u8);
    let _: RRef<u8> = object.clone();
}
