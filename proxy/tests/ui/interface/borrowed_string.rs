//! A `String` is not lent.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, name: &String) -> Result<(), RpcError>;
}

fn main() {}
