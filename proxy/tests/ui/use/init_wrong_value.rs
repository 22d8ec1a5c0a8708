//! `init` returns a value that implements the interface.
//!
//! Invariant: CROSS-8

#![allow(unused)]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Runtime};
use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

struct State;

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn spawn(runtime: Runtime) -> Domain<dyn Service> {
    runtime
        .spawn(DomainSpec::new("service"), init, Mint::nothing())
        .unwrap()
}

fn main() {}
