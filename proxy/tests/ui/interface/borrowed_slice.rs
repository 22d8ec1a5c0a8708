//! Only `&RRef` is lent: what else a reference points to may be private memory.

#![allow(unused)]

use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: &[u8]) -> Result<(), RpcError>;
}

fn main() {}
