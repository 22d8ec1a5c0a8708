//! Attack: a callee that does not give a thread of its caller back for a while. When the caller dies it is started with
//! fewer threads than its spec says; that its `init` can't do with them counts as a crash, until all restarts are spent.

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static INSIDE: AtomicUsize = AtomicUsize::new(0);
static OVER: AtomicBool = AtomicBool::new(false);

/// The attacker: a driver, say, which others call.
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

/// The victim: has one worker, and says so in its spec.
#[interface]
trait Works {
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Working;
impl Works for Working {
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn working(driver: Proxy<dyn Waits>) -> Result<Working, RpcError> {
    let work = move || {
        while !own_thread::is_stopping() && driver.wait().is_ok() {
            own_thread::yield_now();
        }
    };
    own_thread::spawn(work).map_err(|_| RpcError::OutOfMemory)?;
    Ok(Working)
}

#[test]
fn a_callee_that_takes_its_time_closes_no_service_for_good() {
    let _alone = alone();
    let driver: Domain<dyn Waits> = host()
        .spawn(DomainSpec::new("slow"), waiting, Mint::nothing())
        .unwrap();
    let of = driver.clone();
    let spec = DomainSpec::new("worker")
        .threads(1)
        .restart(Restart::limited(20, Duration::from_secs(3600)))
        .drain_timeout(Duration::from_millis(10));
    let worker: Domain<dyn Works> = host()
        .spawn(spec, working, Mint::fallible(move || of.proxy()))
        .unwrap();
    let shadow = worker.shadow().unwrap();
    wait_until("the worker's call", || INSIDE.load(SeqCst) == 1);
    // It dies once, of whatever.
    assert!(worker.kill());
    let first = shadow.status();
    let spent = worker.restarts();
    OVER.store(true, SeqCst);
    wait_until("the worker's thread", || {
        host().reap();
        host().domains().all(|info| info.name.as_str() != "worker")
    });
    // The callee has given the thread back, and serves everybody.
    let after = shadow.status();
    println!("{first:?}, {spent} starts for one request; when the callee is done: {after:?}");
    worker.kill();
    driver.kill();
    assert_eq!(after, Ok(7), "the service is over for everybody");
}
