//! An implementor is `Sync`: several callers are inside at once, so interior mutability needs a lock.
//!
//! Invariant: CROSS-9

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use std::cell::Cell;

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

struct State(Cell<u8>);

impl Service for State {
    fn call(&self) -> Result<(), RpcError> {
        self.0.set(1);
        Ok(())
    }
}

fn main() {}
