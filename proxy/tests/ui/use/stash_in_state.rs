//! A borrow ends with the call, so the object cannot keep it.
//!
//! Invariant: CROSS-7

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;
use std::sync::Mutex;

#[interface]
trait Service {
    fn look(&self, data: &RRef<u8>) -> Result<(), RpcError>;
}

struct State(Mutex<Option<&'static RRef<u8>>>);

impl Service for State {
    fn look(&self, data: &RRef<u8>) -> Result<(), RpcError> {
        *self.0.lock().unwrap() = Some(data);
        Ok(())
    }
}

fn main() {}
