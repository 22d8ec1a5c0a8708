//! A method is not `unsafe`: no caller in another domain can be trusted to uphold its contract.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    unsafe fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
