//! The caller must be able to learn that the domain is dead.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self);
}

fn main() {}
