//! A slice of references is not lent: it would lend the values that they point to.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, names: &[&str]) -> Result<(), RpcError>;
}

fn main() {}
