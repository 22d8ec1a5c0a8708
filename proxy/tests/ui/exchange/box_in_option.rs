//! A container is exchangeable only if its contents are.

#![allow(unused)]

use samara_rref::RRef;

fn main() {
    let _ = RRef::new(Some([(Box::new(1_u8), 2_u8)]));
}
