//! A reference to a reference is not lent.

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self, data: &&RRef<u8>) -> Result<(), RpcError>;
}

fn main() {}
