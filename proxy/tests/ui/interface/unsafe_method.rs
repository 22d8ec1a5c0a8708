//! Nor a caller.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    unsafe fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
