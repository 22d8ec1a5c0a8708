//! Attack: memory of a name's dead generations. A domain with an accomplice leaves a thread inside at each death: what each
//! generation has stays, and the next one has its whole quota again.

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static INSIDE: AtomicUsize = AtomicUsize::new(0);
static OVER: AtomicBool = AtomicBool::new(false);

#[interface]
trait Waits {
    fn wait(&self) -> Result<(), RpcError>;
}
struct Waiting;
impl Waits for Waiting {
    fn wait(&self) -> Result<(), RpcError> {
        INSIDE.fetch_add(1, SeqCst);
        while !OVER.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}
fn waiting((): ()) -> Result<Waiting, RpcError> {
    Ok(Waiting)
}

#[interface]
trait Hoards {
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Hoard(#[expect(dead_code, reason = "held")] Vec<RRef<[u8]>>);
impl Hoards for Hoard {
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn hoarding(accomplice: Proxy<dyn Waits>) -> Result<Hoard, RpcError> {
    let before = INSIDE.load(SeqCst);
    let wait = move || {
        let _ = accomplice.wait();
    };
    own_thread::spawn(wait).map_err(|_| RpcError::OutOfMemory)?;
    while INSIDE.load(SeqCst) == before {
        thread::yield_now();
    }
    let mut hoard = Vec::new();
    while let Ok(piece) = RRef::new_zeroed_slice(64 << 10) {
        hoard.push(piece);
    }
    hoard.pop();
    Ok(Hoard(hoard))
}

#[test]
fn a_names_dead_generations_count_against_its_quota() {
    const QUOTA: usize = 4 << 20;
    let _alone = alone();
    let accomplice: Domain<dyn Waits> = host()
        .spawn(DomainSpec::new("accomplice"), waiting, Mint::nothing())
        .unwrap();
    let of = accomplice.clone();
    let spec = DomainSpec::new("hoard")
        .shared_quota(QUOTA)
        .restart(Restart::limited(100, Duration::from_secs(3600)))
        .drain_timeout(Duration::from_millis(10));
    let domain: Domain<dyn Hoards> = host()
        .spawn(spec, hoarding, Mint::fallible(move || of.proxy()))
        .unwrap();
    let shadow = domain.shadow().unwrap();
    for _ in 0..12 {
        domain.kill();
        let _ = shadow.status();
    }
    let has: Vec<_> = host()
        .domains()
        .filter(|info| info.name.as_str() == "hoard")
        .map(|info| info.shared_bytes >> 10)
        .collect();
    let all: usize = has.iter().sum();
    println!("{} generations have {has:?} KiB: {all} KiB, with a quota of {} KiB", has.len(), QUOTA >> 10);
    OVER.store(true, SeqCst);
    domain.kill();
    accomplice.kill();
    wait_until("the end", || {
        host().reap();
        host().domains().all(|info| info.name.as_str() != "hoard")
    });
    assert!(all <= 2 * (QUOTA >> 10), "{all} KiB");
}
