//! An interface has no parameters.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service<T> {
    fn call(&self, data: T) -> Result<(), RpcError>;
}

fn main() {}
