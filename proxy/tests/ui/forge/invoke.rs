//! To enter another domain by hand is `unsafe`.

#![allow(unused)]

use samara_proxy::{Proxy, RpcError, interface};

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

fn smuggle(proxy: &Proxy<dyn Clock>, mine: &mut Vec<u8>) {
    let _ = samara_proxy::__private::invoke(proxy, (), |_, ()| mine.push(1));
}

fn main() {}
