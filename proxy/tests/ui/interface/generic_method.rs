//! A method is not generic: a trait object has no generic methods.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call<T>(&self, data: T) -> Result<(), RpcError>;
}

fn main() {}
