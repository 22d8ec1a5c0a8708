//! `PhantomData` does not cross: it stands for an owned value that no transfer visits.

#![allow(unused)]

use samara_rref::RRef;
use std::marker::PhantomData;
fn main() {
    let _ = RRef::new(PhantomData::<Box<u8>>);
}
