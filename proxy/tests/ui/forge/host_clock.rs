//! A clock is read half-way out of a domain, and on its threads: who implements it vouches for what it does there.
//!
//! Invariant: AUTH-6

#![allow(unused)]

use samara_domain_runtime::host::Clock;

struct Host;

impl Clock for Host {
    fn now_ns() -> u64 {
        panic!("an entry that never counts out")
    }
}

fn main() {}
