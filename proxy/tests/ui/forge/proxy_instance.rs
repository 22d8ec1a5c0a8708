//! A proxy does not show the object behind it.
//!
//! Invariant: AUTH-1

#![allow(unused)]

use samara_proxy::{Proxy, RpcError, interface};

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

fn around(proxy: &Proxy<dyn Clock>) {
    let _ = proxy.instance().object();
}

fn main() {}
