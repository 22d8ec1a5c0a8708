//! An error is exchangeable.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};

struct Failed(String);

impl From<RpcError> for Failed {
    fn from(error: RpcError) -> Self {
        Self(error.to_string())
    }
}

#[interface]
trait Service {
    fn call(&self) -> Result<u64, Failed>;
}

fn main() {}
