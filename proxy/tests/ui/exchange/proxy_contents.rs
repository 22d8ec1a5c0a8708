//! A proxy may cross; what it is made of, a domain's address and its generation, may not.
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
