//! Entering another domain without generated code is `unsafe`.
//!
//! Invariant: AUTH-1

#![allow(unused)]

use samara_proxy::{Proxy, RpcError, interface};

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

fn smuggle(proxy: &Proxy<dyn Clock>) -> Result<u64, RpcError> {
    samara_proxy::__private::invoke(proxy, (), (), || None, |_, (), ()| Ok(7))
}

fn main() {}
