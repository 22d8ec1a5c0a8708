//! A call that is made again after a restart takes what can be passed again.
use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Store {
    #[replay]
    fn open(&self, name: RRef<[u8]>) -> Result<(), RpcError>;
}

fn main() {}
