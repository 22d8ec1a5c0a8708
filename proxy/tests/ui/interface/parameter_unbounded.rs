//! A parameter of an interface says that it is exchangeable.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service<T: Send + Sync + 'static> {
    fn call(&self, data: T) -> Result<(), RpcError>;
}

fn main() {}
