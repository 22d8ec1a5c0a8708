//! Attack: a domain panics with a payload whose destructor never ends. The host makes the call inside a `catch` of
//! its own, and the optimiser puts this `catch` and the call boundary into one frame.
//!
//! Failure: F-5, F-18
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, host, wait_until};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Throws {
    fn throw(&self) -> Result<u64, RpcError>;
    fn throw_from(&self, object: RRef<u64>) -> Result<RRef<u64>, RpcError>;
}

struct Endless;
impl Drop for Endless {
    fn drop(&mut self) {
        loop {
            std::hint::spin_loop();
        }
    }
}
struct State;
impl Throws for State {
    fn throw(&self) -> Result<u64, RpcError> {
        panic_any(Endless)
    }
    fn throw_from(&self, _: RRef<u64>) -> Result<RRef<u64>, RpcError> {
        panic_any(Endless)
    }
}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn caught<R>(call: impl FnOnce(&Proxy<dyn Throws>) -> Result<R, RpcError>) {
    let _alone = alone();
    let _contained = contained(true);
    let before = Totals::now();
    let spec = DomainSpec::new("throws").budget(Duration::from_millis(20));
    let domain: Domain<dyn Throws> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let proxy = domain.proxy().unwrap();
    let outcome = catch_unwind(AssertUnwindSafe(|| call(&proxy).err()));
    drop(proxy);
    drop(domain);
    match outcome {
        Ok(error) => assert_eq!(error, Some(RpcError::Crashed)),
        Err(_) => {
            eprintln!("the cut landed in the host's catch");
            std::process::exit(1);
        }
    }
    wait_until("the reclaim", || {
        host().reap();
        Totals::now() == before
    });
}

/// Invariant: ORDER-13
#[test]
fn endless_payload_is_cut_to_its_own_boundary() {
    caught(|proxy| proxy.throw());
}

#[test]
fn endless_payload_of_a_moving_call_is_cut() {
    caught(|proxy| proxy.throw_from(RRef::new(1)));
}
