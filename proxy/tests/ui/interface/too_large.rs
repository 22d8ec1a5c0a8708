//! Large values are moved in an `RRef`, because a call keeps several copies of its arguments on the stack.
//!
//! Invariant: ORDER-34

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: [u8; 65536]) -> Result<u8, RpcError>;
}

fn main() {}
