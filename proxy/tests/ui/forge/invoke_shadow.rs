//! Entering another domain through a shadow without generated code is `unsafe`, too.
//!
//! Invariant: AUTH-1

#![allow(unused)]

use samara_proxy::{RpcError, Shadow, interface};

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

fn smuggle(shadow: &Shadow<dyn Clock>) -> Result<u64, RpcError> {
    samara_proxy::__private::invoke_shadow(shadow, (), (), || None, |_, (), ()| Ok(7))
}

fn main() {}
