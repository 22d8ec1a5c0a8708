//! Text too.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, name: &str) -> Result<(), RpcError>;
}

fn main() {}
