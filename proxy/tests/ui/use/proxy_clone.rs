//! A proxy has no `clone`: a copy of a capability takes a slot, so making it may fail.

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
