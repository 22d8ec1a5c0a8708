//! An object cannot be moved while it is lent.
//!
//! Invariant: OWN-2

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let data = RRef::new([1_u8, 2]);
    let first = &data[0];
    let value = RRef::into_inner(data);
    println!("{first} {}", value[1]);
}
