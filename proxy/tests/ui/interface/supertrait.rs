//! What an interface extends is an interface: the proxy must have its methods.
use samara_proxy::{RpcError, interface};

trait Local {
    fn local(&self) -> u32;
}

#[interface]
trait Store: Local {
    fn len(&self) -> Result<u64, RpcError>;
}

fn main() {}
