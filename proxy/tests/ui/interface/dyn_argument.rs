//! A trait object does not cross; a proxy does.

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn call(&self, peer: RRef<dyn Service>) -> Result<(), RpcError>;
}

fn main() {}
