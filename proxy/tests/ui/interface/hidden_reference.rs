//! A reference that is hidden behind an alias does not cross.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

type Lent = &'static RRef<u8>;

#[interface]
trait Service {
    fn call(&self, data: Lent) -> Result<(), RpcError>;
}

fn main() {}
