//! A lifetime of the trait's own would let a borrow outlive the call.
//!
//! Invariant: CROSS-7

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self, data: &'static RRef<u8>) -> Result<(), RpcError>;
}

fn main() {}
