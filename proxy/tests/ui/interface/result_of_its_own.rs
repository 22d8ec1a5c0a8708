//! A method returns the `Result` of `core`. A type with its own conversion would run code of its crate as the host.
//!
//! Invariant: EXPORT-12

#![allow(unused)]
#![forbid(unsafe_code)]

use samara_proxy::{FromRpc, RpcError, interface};
use samara_rref::Exchangeable;

#[derive(Exchangeable)]
struct Answer(bool);

impl FromRpc for Answer {
    type Parts = bool;
    fn into_parts(self) -> bool {
        self.0
    }
    fn from_parts(parts: bool) -> Self {
        Self(parts)
    }
    fn from_rpc(_: RpcError) -> Self {
        Self(false)
    }
    fn is_ok(&self) -> bool {
        // Runs as the host in a restart.
        loop {}
    }
}

#[interface]
trait Service {
    #[replay]
    fn call(&self) -> Answer;
}

fn main() {}
