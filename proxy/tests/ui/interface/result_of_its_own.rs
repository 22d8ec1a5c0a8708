//! What a method returns is a `Result`: a type that says itself how it crosses would do so as the host, too.
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
    fn apart(self) -> bool {
        self.0
    }
    fn together(parts: bool) -> Self {
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
