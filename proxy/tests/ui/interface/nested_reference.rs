//! A reference inside another type is not lent.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self, data: Option<&RRef<u8>>) -> Result<(), RpcError>;
}

fn main() {}
