//! Implementing a recorded call is `unsafe`: a journal is dropped with the last handle on its service, perhaps during
//! a reclaim.
//!
//! Invariant: AUTH-5

#![allow(unused)]

use samara_domain_runtime::journal::Replay;
use samara_domain_runtime::{Instance, RpcError};
use samara_proxy::interface;

#[interface]
trait Clock {
    fn now(&self) -> Result<u64, RpcError>;
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("half-way through a reclaim")
    }
}

impl Replay<dyn Clock> for Bomb {
    fn replay(&self, _: Instance<dyn Clock>) -> Result<(), RpcError> {
        Ok(())
    }
    fn moves(&self) -> usize {
        0
    }
}

fn main() {}
