//! Nor does a thread of the domain's own take a borrow: its body owns all that it uses.
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
