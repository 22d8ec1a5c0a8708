//! A type with an elided lifetime does not cross.

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

struct View<'a>(&'a [u8]);

#[interface]
trait Service {
    fn call(&self, data: RRef<View<'_>>) -> Result<(), RpcError>;
}

fn main() {}
