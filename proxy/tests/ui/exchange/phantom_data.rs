//! `PhantomData` stands for something owned that nobody visits.

#![allow(unused)]

use samara_rref::RRef;
use std::marker::PhantomData;
fn main() {
    let _ = RRef::new(PhantomData::<Box<u8>>);
}
