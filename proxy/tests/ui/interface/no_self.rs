//! A function without a receiver has no domain to enter.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call() -> Result<(), RpcError>;
}

fn main() {}
