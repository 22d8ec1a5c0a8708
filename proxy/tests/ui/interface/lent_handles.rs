//! A lent slice holds plain data. Handles are lent inside an `RRef`.
use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Store {
    fn put(&self, values: &[RRef<u8>]) -> Result<(), RpcError>;
}

fn main() {}
