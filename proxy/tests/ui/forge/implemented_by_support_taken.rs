//! A crate that takes the support crate's name replaces the trait that seals interfaces. It still runs none of its
//! code as another interface's callee.
//!
//! Invariant: EXPORT-14

#![allow(unused)]
#![forbid(unsafe_code)]

extern crate self as samara_proxy;

mod genuine {
    extern crate samara_proxy as it;
    pub use it::{__private as support, Proxy, RpcError, interface};
}

pub mod __private {
    pub use crate::genuine::support::*;

    // Seals nothing.
    pub trait MayImplement<Tag> {}
    impl<T: ?Sized, Tag> MayImplement<Tag> for T {}
}

use genuine::{Proxy, RpcError, interface};

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

fn main() {
    let _: fn(&Proxy<dyn Store>) -> _ = |store| Injected::run(store);
}
