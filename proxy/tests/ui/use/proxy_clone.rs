//! A copy of a capability takes room, and so may fail: there is no plain `clone`.

#![allow(unused)]

use samara_proxy::{Proxy, RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

fn copy(service: &Proxy<dyn Service>) -> Proxy<dyn Service> {
    service.clone()
}

fn main() {}
