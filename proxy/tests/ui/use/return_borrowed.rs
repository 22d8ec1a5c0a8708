//! A lent object cannot be returned as the callee's own.
//!
//! Invariant: CROSS-7

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn look(&self, data: &RRef<u8>) -> Result<RRef<u8>, RpcError>;
}

struct State;

impl Service for State {
    fn look(&self, data: &RRef<u8>) -> Result<RRef<u8>, RpcError> {
        Ok(*data)
    }
}

fn main() {}
