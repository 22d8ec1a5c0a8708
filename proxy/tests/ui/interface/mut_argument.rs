//! `&mut` cannot be lent: the callee may die half-way.
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
