//! A `#[replay]` method is idempotent without a second attribute.
use samara_proxy::{RpcError, interface};

#[interface]
trait Store {
    #[idempotent]
    #[replay]
    fn mount(&self, volume: u32) -> Result<(), RpcError>;
}

fn main() {}
