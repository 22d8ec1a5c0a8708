//! An `Rc` shares private memory.

#![allow(unused)]

use samara_rref::RRef;
use std::rc::Rc;
fn main() {
    let _ = RRef::new(Rc::new(1_u8));
}
