//! A method does not take `&mut self`, because several callers may be inside.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&mut self) -> Result<(), RpcError>;
}

fn main() {}
