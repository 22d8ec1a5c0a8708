//! A recorded call is lent nothing: it is made again after the borrow has ended.
//!
//! Invariant: RECOVER-1

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    #[replay]
    fn call(&self, data: &RRef<u8>) -> Result<(), RpcError>;
}

fn main() {}
