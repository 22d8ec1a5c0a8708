//! A method returns a `Result`, so that its caller learns that the domain is dead.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self);
}

fn main() {}
