//! Implementing a clock is `unsafe`, because the runtime reads it on a domain's thread, half-way out of the domain.
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
