//! A bound on `Self` in a where clause is a supertrait, too, and is refused. A `dyn` of this crate could otherwise
//! pass for another interface's, and the caller's code would run as the callee.
//!
//! Invariant: EXPORT-14
use samara_proxy::{Proxy, RpcError, interface};

#[interface]
pub trait Injected {
    fn run(&self) -> Result<u64, RpcError>;
}

#[interface]
pub trait Store
where
    Self: samara_proxy::__private::MayImplement<__InjectedTag>,
{
    fn len(&self) -> Result<u64, RpcError>;
}

impl Injected for dyn Store {
    fn run(&self) -> Result<u64, RpcError> {
        panic!("kills the store")
    }
}

fn main() {
    let _: fn(&Proxy<dyn Store>) -> _ = |store| Injected::run(store);
}
