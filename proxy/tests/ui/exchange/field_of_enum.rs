//! The error for a field of a variant points at the field.
//!
//! Invariant: CROSS-1

#![allow(unused)]

use samara_rref::Exchangeable;

#[derive(Exchangeable)]
enum Message {
    Empty,
    Text { id: u32, text: String },
}

fn main() {}
