//! A function does not cross.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, done: fn(u8)) -> Result<(), RpcError>;
}

fn main() {}
