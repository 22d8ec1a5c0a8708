//! `OnceLock` does not cross: it is a lock, too.

#![allow(unused)]

use samara_rref::RRef;
use std::sync::OnceLock;
fn main() {
    let _ = RRef::new(OnceLock::<u8>::new());
}
