//! Interfaces that are allowed: with names that generated code also uses, with methods that refer to other interfaces,
//! with attributes, default methods, and every kind of argument.
#![forbid(unsafe_code)]

use samara_host_std as _;
use samara_proxy::{Proxy, RpcError, Shadow, interface};
use samara_rref::{Exchangeable, RRef};

#[derive(Debug, Exchangeable)]
pub enum Failed {
    Rpc(RpcError),
    Back(RRef<[u8]>),
}

impl From<RpcError> for Failed {
    fn from(error: RpcError) -> Self {
        Self::Rpc(error)
    }
}

/// Refers to itself and to another that refers back.
#[interface]
pub trait Directory {
    fn open(&self, name: RRef<[u8]>, log: Proxy<dyn Log>) -> Result<Proxy<dyn Directory>, Failed>;
    fn link(&self, to: Proxy<dyn Directory>) -> Result<(), Failed>;
}

#[interface]
pub trait Log {
    #[doc(hidden)]
    fn attach(&self, to: Shadow<dyn Directory>) -> Result<(), RpcError>;
    #[cfg(any())]
    fn left_out(&self, value: Box<u8>) -> Result<(), RpcError>;
}

#[interface]
trait Names {
    #[idempotent]
    fn a(
        &self,
        object: u32,
        again: u32,
        arguments: u32,
        body: &RRef<u8>,
        #[scratch] shape_of_again: RRef<[u8]>,
    ) -> Result<u32, RpcError>;
    fn b(&self, target: RRef<u8>, krate: &RRef<u8>, error: Option<RRef<u8>>) -> Result<(), Failed> {
        let _ = (target, krate, error);
        self.c()
    }
    fn c(&self) -> Result<(), Failed>;
}

fn assert_names<T: Names>() {}

fn main() {
    assert_names::<Proxy<dyn Names>>();
    assert_names::<Shadow<dyn Names>>();
}
