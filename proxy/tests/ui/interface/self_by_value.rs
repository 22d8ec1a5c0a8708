//! A method does not take `self`: the object stays in its domain.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(self) -> Result<(), RpcError>;
}

fn main() {}
