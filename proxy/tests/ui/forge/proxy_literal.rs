//! A proxy cannot be made from its parts.
//!
//! Invariant: AUTH-1

#![allow(unused)]

use samara_proxy::{Proxy, RpcError, interface};

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

fn steal(proxy: Proxy<dyn Clock>) -> Proxy<dyn Clock> {
    Proxy(proxy.0)
}

fn main() {}
