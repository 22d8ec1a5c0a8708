//! A slice of references would lend what they point to.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, names: &[&str]) -> Result<(), RpcError>;
}

fn main() {}
