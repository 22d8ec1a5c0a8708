//! A method does not return an `Option`, which has no room for an `RpcError`.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Option<u64>;
}

fn main() {}
