//! Nor has an `Option`.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Option<u64>;
}

fn main() {}
