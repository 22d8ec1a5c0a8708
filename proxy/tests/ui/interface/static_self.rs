//! A method does not take `&'static self`: the object does not live for ever.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&'static self) -> Result<(), RpcError>;
}

fn main() {}
