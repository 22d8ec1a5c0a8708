//! An interface has no lifetimes.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service<'a> {
    fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
