//! A trait object is not returned: a proxy is.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<Box<dyn Service>, RpcError>;
}

fn main() {}
