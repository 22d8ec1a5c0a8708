//! A method returns no reference: nothing is lent to the caller.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self) -> Result<&RRef<u8>, RpcError>;
}

fn main() {}
