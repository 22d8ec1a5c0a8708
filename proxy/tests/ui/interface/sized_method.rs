//! A method that a trait object has not got.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>
    where
        Self: Sized;
}

fn main() {}
