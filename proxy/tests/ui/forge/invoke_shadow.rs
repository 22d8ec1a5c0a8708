//! Also through a shadow.

#![allow(unused)]

use samara_proxy::{RpcError, Shadow, interface};

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

fn smuggle(shadow: &Shadow<dyn Clock>, mine: &Vec<u8>) {
    let _ = samara_proxy::__private::invoke_shadow(shadow, (), || None, |_, ()| drop(mine.clone()));
}

fn main() {}
