//! A method does not return a plain value, which has no room for an `RpcError`.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> u64;
}

fn main() {}
