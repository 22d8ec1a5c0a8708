//! The address of an exported object is shown only to code that keeps the export. A proxy made of the address alone
//! would outlive the object.
//!
//! Invariant: EXPORT-2

#![allow(unused)]

use samara_domain_runtime::exports::Export;
use samara_proxy::{Proxy, RpcError, interface};

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

fn unkept(export: &Export<dyn Clock>) -> Proxy<dyn Clock> {
    Proxy::try_new(export.instance()).unwrap()
}

fn main() {}
