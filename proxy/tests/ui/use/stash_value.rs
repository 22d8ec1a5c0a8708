//! The callee cannot move the value behind a borrow.
//!
//! Invariant: CROSS-7

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;
use std::sync::Mutex;

#[interface]
trait Service {
    fn look(&self, data: &RRef<RRef<u8>>) -> Result<(), RpcError>;
}

struct State(Mutex<Option<RRef<u8>>>);

impl Service for State {
    fn look(&self, data: &RRef<RRef<u8>>) -> Result<(), RpcError> {
        *self.0.lock().unwrap() = Some(**data);
        Ok(())
    }
}

fn main() {}
