//! An interface extends only interfaces: a proxy implements nothing else.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service: std::fmt::Debug {
    fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
