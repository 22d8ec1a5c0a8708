//! A plain result has no room for that.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> u64;
}

fn main() {}
