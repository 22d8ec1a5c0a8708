//! The arguments of a recorded call are plain data.
//!
//! Invariant: EXPORT-16, RECOVER-1

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    #[replay]
    fn call(&self, data: RRef<u8>) -> Result<(), RpcError>;
}

fn main() {}
