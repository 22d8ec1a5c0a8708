//! What a call moves by value lies on the stack many times: large values go on the exchange heap.
//!
//! Invariant: ORDER-34

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: [u8; 65536]) -> Result<u8, RpcError>;
}

fn main() {}
