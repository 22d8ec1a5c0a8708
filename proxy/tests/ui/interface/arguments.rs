//! The attribute takes no arguments.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface(fast)]
trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
