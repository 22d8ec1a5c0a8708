//! What a call moves by value lies on the stack many times: large values go on the exchange heap.

#![allow(unused)]

use samara_proxy::{Proxy, RpcError, interface};

#[interface]
trait Service {
    fn call(&self, data: [u8; 65536]) -> Result<u8, RpcError>;
}

fn ask(service: &Proxy<dyn Service>) -> Result<u8, RpcError> {
    service.call([0; 65536])
}

fn main() {
    let _: fn(&Proxy<dyn Service>) -> Result<u8, RpcError> = ask;
}
