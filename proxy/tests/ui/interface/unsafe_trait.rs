//! A domain cannot be trusted to uphold a contract.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
unsafe trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
