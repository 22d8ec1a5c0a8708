//! A recorded call is lent nothing: the borrow has ended when the call is made again after a restart.
use samara_proxy::{RpcError, interface};

#[interface]
trait Store {
    #[replay]
    fn open(&self, name: &str) -> Result<(), RpcError>;
}

fn main() {}
