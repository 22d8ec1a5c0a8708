//! `&mut` is not lent: the callee may die half-way through a write.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self, data: &mut RRef<u8>) -> Result<(), RpcError>;
}

fn main() {}
