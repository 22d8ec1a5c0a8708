//! A recorded call has no scratch argument.

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    #[replay]
    fn call(&self, #[scratch] data: RRef<[u8]>) -> Result<(), RpcError>;
}

fn main() {}
