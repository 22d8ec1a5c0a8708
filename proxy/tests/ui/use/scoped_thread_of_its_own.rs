//! The body of a domain's own thread owns everything that it uses, and takes no borrow.
//!
//! Invariant: CROSS-7

#![allow(unused)]

use samara_proxy::{RpcError, interface};
use samara_rref::RRef;

#[interface]
trait Service {
    fn look(&self, data: &RRef<u8>) -> Result<(), RpcError>;
}

struct State;

impl Service for State {
    fn look(&self, data: &RRef<u8>) -> Result<(), RpcError> {
        let _ = samara_domain::thread::spawn(move || drop(**data));
        Ok(())
    }
}

fn main() {}
