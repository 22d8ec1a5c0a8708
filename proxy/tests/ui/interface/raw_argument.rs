//! A raw pointer does not cross.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: *const u8) -> Result<(), RpcError>;
}

fn main() {}
