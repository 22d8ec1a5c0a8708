//! A slice of plain data is lent, not the vector that owns it.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: &Vec<u8>) -> Result<(), RpcError>;
}

fn main() {}
