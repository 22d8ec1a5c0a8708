//! A lent slice holds plain data: no transfer would find the owners of handles in private memory.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self, data: &[RRef<u8>]) -> Result<(), RpcError>;
}

fn main() {}
