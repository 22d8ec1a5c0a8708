//! A domain is the first to ask for what the host makes once and keeps: that would lie in the domain's heap, or
//! be poisoned by its death. One test: each process asks first only once.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

#[path = "../fixtures/bare.rs"]
mod bare;

use bare::{Ask, ask, is_contained};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::RpcError;
use samara_testkit::hosted::{alone, await_reclaims};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[test]
fn what_the_host_keeps_is_the_hosts_whoever_asks_first() {
    let _alone = alone();
    for (asked, what) in [Ask::Images, Ask::Uncontained].into_iter().enumerate() {
        assert_eq!(ask("thief", what), Err(RpcError::Crashed));
        let _released = await_reclaims("thief", asked + 1);
    }
    // Neither is poisoned, nor dangles: the tick reads the program's tables.
    let _contained = contained(true);
    is_contained();
}
