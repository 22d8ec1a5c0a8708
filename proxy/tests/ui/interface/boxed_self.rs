//! A method takes `&self`, and no other receiver.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(self: Box<Self>) -> Result<(), RpcError>;
}

fn main() {}
