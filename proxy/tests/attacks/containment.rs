//! The containment of a hosted program is the host's: a domain neither has it nor ends it, for its own thread or for
//! others, and guards of it end in any order.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

#[path = "../fixtures/bare.rs"]
mod bare;

use bare::{Ask, ask, digs, is_contained};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::RpcError;
use samara_testkit::hosted::{alone, deaths};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Before and after the host has installed its handlers.
#[test]
fn a_domain_has_no_say_in_the_hosts_containment() {
    let _alone = alone();
    for round in 0..2 {
        for what in Ask::ALL {
            let name = format!("thief-{round}-{what:?}");
            assert_eq!(ask(&name, what), Err(RpcError::Crashed), "{name}");
            let message = deaths(&name)[0].message;
            assert!(message.as_str().contains("is the host's"), "{message}");
        }
        drop(contained(true));
    }
}

#[test]
fn a_domain_does_not_take_its_threads_reserve_away() {
    let _alone = alone();
    let _contained = contained(false);
    for prepared in [false, true] {
        (0..20).for_each(|_| digs(prepared));
    }
}

/// The second once gave the thread the first one's handler stack back, which was unmapped.
#[test]
fn guards_are_dropped_in_any_order() {
    let _alone = alone();
    let outer = contained(true);
    let (one, other) = (contained(false), contained(true));
    drop(one);
    drop(other);
    is_contained();
    let inner = contained(true);
    drop(outer);
    is_contained();
    drop(inner);
    let _again = contained(true);
    is_contained();
}
