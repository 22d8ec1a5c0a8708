//! An implementor is `Send`, because any thread may stop the domain and drop the object.
//!
//! Invariant: CROSS-9

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use std::sync::MutexGuard;

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

struct State(MutexGuard<'static, u8>);

impl Service for State {
    fn call(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

fn main() {}
