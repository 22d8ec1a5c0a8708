//! A plain result has no room for that.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> u64;
}

fn main() {}
