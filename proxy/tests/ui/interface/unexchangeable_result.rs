//! A result is exchangeable.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<Vec<u8>, RpcError>;
}

fn main() {}
