//! A type parameter of an interface is bounded by `Exchangeable`.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service<T: Send + Sync + 'static> {
    fn call(&self, data: T) -> Result<(), RpcError>;
}

fn main() {}
