//! An implementor borrows nothing, because it outlives the function that made it.
//!
//! Invariant: CROSS-9

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

struct State<'a>(&'a u8);

impl<'a> Service for State<'a> {
    fn call(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

fn main() {}
