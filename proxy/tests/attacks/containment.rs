//! The containment of a hosted program belongs to the host. A domain can neither install it nor end it, for its own
//! thread or for others. Guards may be dropped in any order.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

#[path = "../fixtures/bare.rs"]
mod bare;

use bare::{Ask, ask, assert_contained, assert_overflow_is_cut};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::RpcError;
use samara_testkit::hosted::{alone, deaths};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The domain makes its requests before and after the host has installed its handlers.
///
/// Invariant: AUTH-10
#[test]
fn a_domain_has_no_say_in_the_hosts_containment() {
    let _alone = alone();
    for round in 0..2 {
        for request in Ask::ALL {
            let name = format!("thief-{round}-{request:?}");
            assert_eq!(ask(&name, request), Err(RpcError::Crashed), "{name}");
            let message = deaths(&name)[0].message;
            assert!(message.as_str().contains("is the host's"), "{message}");
        }
        drop(contained(true));
    }
}

/// Invariant: AUTH-10
#[test]
fn a_domain_does_not_take_its_threads_reserve_away() {
    let _alone = alone();
    let _contained = contained(false);
    for prepared in [false, true] {
        (0..20).for_each(|_| assert_overflow_is_cut(prepared));
    }
}

/// Dropping the second guard once gave the thread the first one's handler stack back, which was already
/// unmapped.
///
/// Invariant: AUTH-12
#[test]
fn guards_are_dropped_in_any_order() {
    let _alone = alone();
    let outer = contained(true);
    let (one, other) = (contained(false), contained(true));
    drop(one);
    drop(other);
    assert_contained();
    let inner = contained(true);
    drop(outer);
    assert_contained();
    drop(inner);
    let _again = contained(true);
    assert_contained();
}
