//! An interface cannot be implemented for another interface's `dyn`: the caller's code would run as the callee.
//!
//! Invariant: EXPORT-14
use samara_proxy::{RpcError, interface};

#[interface]
trait Store {
    fn len(&self) -> Result<u64, RpcError>;
}

#[interface]
trait Injected {
    fn run(&self) -> Result<u64, RpcError>;
}

impl Injected for dyn Store {
    fn run(&self) -> Result<u64, RpcError> {
        panic!("kills the store")
    }
}

fn main() {}
