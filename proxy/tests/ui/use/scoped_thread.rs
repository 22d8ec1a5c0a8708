//! Domains get no scoped threads: no activation pins the lender while such a thread has the borrow.
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
        samara_domain::thread::scope(|scope| scope.spawn(|| **data));
        Ok(())
    }
}

fn main() {}
