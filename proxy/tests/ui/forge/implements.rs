//! Claiming that a value implements an interface is `unsafe`.
//!
//! Invariant: AUTH-2

#![allow(unused)]

use samara_domain_runtime::Implements;
use samara_proxy::{RpcError, interface};
use std::ptr::NonNull;

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

struct Mine;

impl Implements<Mine> for dyn Clock {
    fn unsize(_: NonNull<Mine>) -> NonNull<Self> {
        loop {}
    }
}

fn main() {}
