//! An exported value implements the interface.
use samara_proxy::{Proxy, RpcError, interface};

#[interface]
trait Store {
    fn len(&self) -> Result<u64, RpcError>;
}

fn main() {
    let _ = Proxy::<dyn Store>::export(5u32);
}
