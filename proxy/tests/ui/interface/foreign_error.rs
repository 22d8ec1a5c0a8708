//! An error type must be made from an `RpcError`.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[derive(samara_rref::Exchangeable)]
struct Failed;

#[interface]
trait Service {
    fn call(&self) -> Result<u64, Failed>;
}

fn main() {}
