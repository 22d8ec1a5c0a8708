//! An interface has no lifetimes.
use samara_proxy::{RpcError, interface};

#[interface]
trait Store<'a> {
    fn len(&self) -> Result<u64, RpcError>;
}

fn main() {}
