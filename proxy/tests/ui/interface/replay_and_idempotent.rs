//! One or the other.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    #[replay]
    #[idempotent]
    fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
