//! The arguments of `init` are exchangeable.
//!
//! Invariant: CROSS-8

#![allow(unused)]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Runtime};
use samara_proxy::{RpcError, interface};

#[interface]
trait Service {
    fn call(&self) -> Result<(), RpcError>;
}

struct State(Vec<u8>);

impl Service for State {
    fn call(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

fn init(bytes: Vec<u8>) -> Result<State, RpcError> {
    Ok(State(bytes))
}

fn spawn(runtime: Runtime) -> Domain<dyn Service> {
    runtime
        .spawn(DomainSpec::new("service"), init, Mint::of(|| vec![1]))
        .unwrap()
}

fn main() {}
