//! A domain is the first to ask for something that the host makes once and keeps. If the host made that object on the
//! domain's behalf, it would lie in the domain's heap, or the domain's death would poison it. There is one test only,
//! since a process has only one first request.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

#[path = "../fixtures/bare.rs"]
mod bare;

use bare::{Ask, ask, assert_contained};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::RpcError;
use samara_testkit::hosted::{alone, await_reclaims};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Invariant: AUTH-11
#[test]
fn host_state_is_the_hosts_even_if_a_domain_is_first() {
    let _alone = alone();
    for (asked, request) in [Ask::Images, Ask::Uncontained].into_iter().enumerate() {
        assert_eq!(ask("thief", request), Err(RpcError::Crashed));
        let _released = await_reclaims("thief", asked + 1);
    }
    // The refused requests must have left nothing poisoned or dangling. `contained` sets up the same state, and the
    // ticks from here on read the program's tables.
    let _contained = contained(true);
    assert_contained();
}
