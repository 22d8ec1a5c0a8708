//! An idempotent method takes no moved argument, because the first attempt has moved it away.
//!
//! Invariant: RECOVER-1

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    #[idempotent]
    fn call(&self, data: RRef<u8>) -> Result<(), RpcError>;
}

fn main() {}
