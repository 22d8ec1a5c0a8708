//! A slice of plain data is lent, but not the vector that owns it.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: &Vec<u8>) -> Result<(), RpcError>;
}

fn main() {}
