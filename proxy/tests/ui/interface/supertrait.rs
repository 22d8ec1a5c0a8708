//! An interface extends only interfaces, whose methods the proxy must have.
use samara_proxy::{RpcError, interface};

trait Local {
    fn local(&self) -> u32;
}

#[interface]
trait Store: Local {
    fn len(&self) -> Result<u64, RpcError>;
}

fn main() {}
