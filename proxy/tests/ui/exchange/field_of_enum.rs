//! The error for a field of a variant points at the field.

#![allow(unused)]

use samara_rref::Exchangeable;

#[derive(Exchangeable)]
enum Message {
    Empty,
    Text { id: u32, text: String },
}

fn main() {}
