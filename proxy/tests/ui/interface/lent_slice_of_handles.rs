//! What a lent slice holds is plain: handles in private memory have owners that no one would find.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self, data: &[RRef<u8>]) -> Result<(), RpcError>;
}

fn main() {}
