//! An argument is not `impl Trait`, which hides the type from the check.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: impl Send) -> Result<(), RpcError>;
}

fn main() {}
