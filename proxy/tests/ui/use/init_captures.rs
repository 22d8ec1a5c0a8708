//! `init` captures nothing: a domain gets everything as arguments.
//!
//! Invariant: CROSS-8

#![allow(unused)]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Runtime};
use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

struct State(u8);

impl Service for State {
    fn call(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

fn spawn(runtime: Runtime, secret: u8) -> Domain<dyn Service> {
    let init = move |()| Ok::<_, RpcError>(State(secret));
    runtime
        .spawn(DomainSpec::new("service"), init, Mint::nothing())
        .unwrap()
}

fn main() {}
