//! A proxy may cross, but not its parts: the address of an object, and a generation.
//!
//! Invariant: AUTH-1

#![allow(unused)]

use samara_domain_runtime::Instance;
use samara_proxy::{RpcError, interface};
use samara_rref::Exchangeable;

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

#[derive(Exchangeable)]
struct Contents {
    clock: Instance<dyn Clock>,
}

fn main() {}
