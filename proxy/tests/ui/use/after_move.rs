//! An argument that was moved into a call cannot be used afterwards.
//!
//! Invariant: OWN-2

#![allow(unused)]

use samara_proxy::{Proxy, RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn take(&self, data: RRef<u8>) -> Result<(), RpcError>;
}

fn twice(service: &Proxy<dyn Service>) -> Result<(), RpcError> {
    let data = RRef::new(1);
    service.take(data)?;
    service.take(data)
}

fn main() {}
