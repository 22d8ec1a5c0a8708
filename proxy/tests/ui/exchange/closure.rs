//! A closure carries code and whatever it captured.

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(|| 1_u8);
}
