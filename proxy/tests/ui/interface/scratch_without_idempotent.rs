//! `#[scratch]` is refused on a method that is never repeated.

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self, #[scratch] data: RRef<[u8]>) -> Result<(), RpcError>;
}

fn main() {}
