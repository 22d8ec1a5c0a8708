//! A trait has no lifetime of its own: a borrow would outlive the call.
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
