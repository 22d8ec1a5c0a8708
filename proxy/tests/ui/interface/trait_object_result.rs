//! A method does not return a trait object; it returns a proxy.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<Box<dyn Service>, RpcError>;
}

fn main() {}
