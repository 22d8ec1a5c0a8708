//! A borrow is there for a retry anyway.

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    #[idempotent]
    fn call(&self, #[scratch] data: &RRef<[u8]>) -> Result<(), RpcError>;
}

fn main() {}
