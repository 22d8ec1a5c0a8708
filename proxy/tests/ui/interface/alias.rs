//! An alias is checked as the type that it stands for.
//!
//! Invariant: CROSS-5

#![allow(unused)]

use samara_proxy::{RpcError, interface};

type Bytes = Box<[u8]>;

#[interface]
trait Service {
    fn call(&self, data: Bytes) -> Result<(), RpcError>;
}

fn main() {}
