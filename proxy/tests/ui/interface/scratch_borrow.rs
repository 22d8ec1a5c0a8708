//! A borrowed argument is not `#[scratch]`: it is still there for the next attempt.

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    #[idempotent]
    fn call(&self, #[scratch] data: &RRef<[u8]>) -> Result<(), RpcError>;
}

fn main() {}
