//! A supertrait that is merely named `Send` is refused. A `dyn` of this crate could otherwise pass for another
//! interface's, and the caller's code would run as the callee.
//!
//! Invariant: EXPORT-14
use samara_proxy::{Proxy, RpcError, interface};

#[interface]
pub trait Injected {
    fn run(&self) -> Result<u64, RpcError>;
}

mod taken {
    pub trait Send: samara_proxy::__private::MayImplement<super::__InjectedTag> {}
    impl<T> Send for T {}
}

#[interface]
pub trait Store: taken::Send {
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
