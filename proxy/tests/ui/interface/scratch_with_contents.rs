//! A `#[scratch]` argument can be made from zeroes.
//!
//! Invariant: RECOVER-1

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    #[idempotent]
    fn call(&self, #[scratch] data: RRef<RRef<u8>>) -> Result<(), RpcError>;
}

fn main() {}
