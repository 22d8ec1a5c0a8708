//! Making a transfer is `unsafe`.
//!
//! Invariant: OWN-3

#![allow(unused)]

use samara_rref::{Exchangeable, Owner, RRef, Transfer};

fn main() {
    let object = RRef::new(1_u8);
    object.transfer(&Transfer::to(Owner::HOST));
}
