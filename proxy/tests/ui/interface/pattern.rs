//! The name of an argument is not a pattern.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, (a, b): (u8, u8)) -> Result<(), RpcError> {
        Ok(())
    }
}

fn main() {}
