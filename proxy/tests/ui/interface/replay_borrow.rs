//! A call that is made again after a restart cannot be lent anything: the borrow is over by then.
use samara_proxy::{RpcError, interface};

#[interface]
trait Store {
    #[replay]
    fn open(&self, name: &str) -> Result<(), RpcError>;
}

fn main() {}
