//! A method is either `#[replay]` or `#[idempotent]`.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    #[replay]
    #[idempotent]
    fn call(&self) -> Result<(), RpcError>;
}

fn main() {}
