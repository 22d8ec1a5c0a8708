//! Attack: a client drops objects that the host exports. The host drops them in the next call that may return handles
//! of the host. Since decision 125 the host's work in a call is charged to the caller, so a caller that dropped
//! nothing could pay for these drops.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, deaths, host};
use std::time::{Duration, Instant};

#[path = "../fixtures/opening.rs"]
mod opening;
use opening::{Client, File, Files, calling};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The host's own server.
struct Serving;
struct Open;
impl File for Open {
    fn len(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
/// The time that closing a file takes, such as writing a page back.
const CLOSE: Duration = Duration::from_millis(1);
impl Drop for Open {
    fn drop(&mut self) {
        let began = Instant::now();
        while began.elapsed() < CLOSE {}
    }
}
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
}

const BUDGET: Duration = Duration::from_millis(20);
const FILES: u32 = 64;

fn attack(by_death: bool) {
    let _alone = alone();
    let _contained = contained(true);
    let files: Proxy<dyn Files> = Proxy::export(Serving).map_err(|(error, _)| error).unwrap();
    let client = |name| {
        let of = files.try_clone().unwrap();
        let mint = Mint::fallible(move || of.try_clone().map_err(|_| RpcError::OutOfMemory));
        let spec = DomainSpec::new(name).budget(BUDGET);
        let domain: Domain<dyn Client> = host().spawn(spec, calling, mint).unwrap();
        domain
    };
    let victim = if by_death { "innocent-a" } else { "innocent-b" };
    let (greedy, other) = (client("greedy"), client(victim));
    let (greedy_proxy, other_proxy) = (greedy.proxy().unwrap(), other.proxy().unwrap());
    assert_eq!(other_proxy.open(1), Ok(1), "an open costs next to nothing");
    assert_eq!(greedy_proxy.open(FILES), Ok(FILES));
    if by_death {
        greedy.kill();
        host().reap();
    } else {
        greedy_proxy.close().unwrap();
        assert!(greedy.exit_reason().is_none(), "a close costs nothing");
    }
    let began = Instant::now();
    let got = other_proxy.open(1);
    let took = began.elapsed();
    let died = deaths(victim);
    greedy.kill();
    other.kill();
    drop((greedy_proxy, other_proxy, greedy, other));
    host().reap();
    host().collect_exports();
    assert!(died.is_empty(), "{got:?} after {took:?}: {died:?}");
}

/// Invariant: ORDER-21
#[test]
fn dropping_host_objects_spares_the_next_caller() {
    attack(false);
}

/// Invariant: ORDER-21
#[test]
fn dying_with_host_objects_spares_the_next_caller() {
    attack(true);
}
