//! An interface is not `unsafe`: no domain can be trusted to uphold its contract.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
unsafe trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
