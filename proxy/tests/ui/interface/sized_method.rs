//! A method has no `Self: Sized` clause: a trait object would not have the method.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>
    where
        Self: Sized;
}

fn main() {}
