//! Attack: starts that fail and leave a thread behind each time, inside an accomplice that is alive. The generation
//! of such a start keeps its slot and its thread. It was never the current generation of its service, so the limit on
//! dead generations once did not count it.

use samara_domain_runtime::threads::MAX_THREADS;
use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_shared_heap::owner::MAX_OWNERS;
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/holdup.rs"]
mod holdup;
use holdup::{INSIDE, OVER, Waits, spawn_waiting, waiting};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static FIRST: AtomicBool = AtomicBool::new(true);

#[interface]
trait Nothing {
    #[idempotent]
    fn nothing(&self) -> Result<(), RpcError>;
}
struct Service;
impl Nothing for Service {
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
fn service(accomplice: Proxy<dyn Waits>) -> Result<Service, RpcError> {
    if FIRST.swap(false, SeqCst) {
        return Ok(Service);
    }
    let before = INSIDE.load(SeqCst);
    let wait = move || {
        let _ = accomplice.wait();
    };
    own_thread::spawn(wait).map_err(|_| RpcError::OutOfMemory)?;
    while INSIDE.load(SeqCst) == before {
        thread::yield_now();
    }
    Err(RpcError::Dead)
}

/// Invariant: HEAP-32
#[test]
fn failed_starts_take_no_more_slots_than_deaths() {
    let _alone = alone();
    let accomplice = spawn_waiting();
    let of = accomplice.clone();
    let spec = DomainSpec::new("failing")
        .threads(64)
        .restart(Restart::limited(1000, Duration::from_secs(3600)))
        .drain_timeout(Duration::from_millis(10));
    let failing: Domain<dyn Nothing> = host()
        .spawn(spec, service, Mint::fallible(move || of.proxy()))
        .unwrap();
    let shadow = failing.shadow().unwrap();
    assert!(failing.kill());
    let got: Vec<_> = (0..30).map(|_| shadow.nothing()).collect();
    let slots = host()
        .domains()
        .filter(|info| info.name.as_str() == "failing")
        .count();
    let other = host()
        .spawn(DomainSpec::new("other"), waiting, Mint::nothing())
        .map(|_: Domain<dyn Waits>| ());
    println!(
        "{:?}: {} starts, {slots} of {MAX_OWNERS} slots, {} of {MAX_THREADS} threads; another domain: {other:?}",
        got.last(),
        failing.restarts(),
        INSIDE.load(SeqCst)
    );
    OVER.store(true, SeqCst);
    wait_until("the end", || {
        host().reap();
        host().domains().all(|info| info.name.as_str() != "failing")
    });
    assert!(slots <= 9, "{slots} slots for one name");
    assert!(slots > 1, "no start has left a thread inside");
}
