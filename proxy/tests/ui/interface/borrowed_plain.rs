//! A reference to a single plain value is not lent; the value is passed instead.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: &u64) -> Result<(), RpcError>;
}

fn main() {}
