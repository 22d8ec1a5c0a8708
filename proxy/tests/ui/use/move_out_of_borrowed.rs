//! The value of a lent object cannot be moved out.
//!
//! Invariant: CROSS-7

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn look(&self, data: &RRef<u8>) -> Result<(), RpcError>;
}

struct State;

impl Service for State {
    fn look(&self, data: &RRef<u8>) -> Result<(), RpcError> {
        let _value = RRef::into_inner(*data);
        Ok(())
    }
}

fn main() {}
