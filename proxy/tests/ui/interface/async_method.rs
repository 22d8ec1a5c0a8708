//! A method is not `async`: its future would outlive the call.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    async fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
