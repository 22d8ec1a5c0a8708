//! Attack: a generation that dies while recorded calls are made again, and is published all the same, lags twice: as the start
//! that it was, and as the generation that was current.

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
static BLOCKS: AtomicBool = AtomicBool::new(false);
static REPLAYING: AtomicBool = AtomicBool::new(false);
static GO: AtomicBool = AtomicBool::new(false);

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
trait Works {
    #[replay]
    fn set(&self) -> Result<(), RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Working;
impl Works for Working {
    fn set(&self) -> Result<(), RpcError> {
        if BLOCKS.load(SeqCst) {
            REPLAYING.store(true, SeqCst);
            while !GO.load(SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(())
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
/// With a worker, of which there may be two.
fn working(driver: Proxy<dyn Waits>) -> Result<Working, RpcError> {
    let before = INSIDE.load(SeqCst);
    let work = move || {
        let _ = driver.wait();
    };
    own_thread::spawn(work).map_err(|_| RpcError::OutOfMemory)?;
    while INSIDE.load(SeqCst) == before {
        thread::yield_now();
    }
    Ok(Working)
}

/// The same without a kill in the replay: one thread lags, another is had.
#[test]
fn a_thread_that_lags_leaves_room_for_another() {
    let _alone = alone();
    lags(false);
}

#[test]
fn a_thread_that_lags_counts_once() {
    let _alone = alone();
    lags(true);
}

fn lags(in_replay: bool) {
    REPLAYING.store(false, SeqCst);
    GO.store(!in_replay, SeqCst);
    let name = if in_replay { "worker" } else { "other" };
    OVER.store(true, SeqCst);
    let driver: Domain<dyn Waits> = host()
        .spawn(DomainSpec::new("slow"), waiting, Mint::nothing())
        .unwrap();
    let of = driver.clone();
    let spec = DomainSpec::new(name)
        .threads(2)
        .restart(Restart::limited(20, Duration::from_secs(3600)))
        .drain_timeout(Duration::from_millis(10));
    let worker: Domain<dyn Works> = host()
        .spawn(spec, working, Mint::fallible(move || of.proxy()))
        .unwrap();
    let shadow = worker.shadow().unwrap();
    shadow.set().unwrap();
    wait_until("the first worker's end", || worker.info().threads == 0);
    assert!(worker.kill());
    wait_until("the reclaim", || {
        host().reap();
        host().domains().all(|info| info.name.as_str() != name)
    });
    // From here on the driver does not give threads back, and the second generation is killed in its replay.
    OVER.store(false, SeqCst);
    BLOCKS.store(true, SeqCst);
    let other = shadow.try_clone().unwrap();
    let asks = thread::spawn(move || other.set());
    wait_until("the replay", || REPLAYING.load(SeqCst));
    if !in_replay {
        wait_until("the second generation", || worker.service().current().is_alive());
    }
    assert!(worker.kill());
    BLOCKS.store(false, SeqCst);
    GO.store(true, SeqCst);
    // One thread lags; the spec allows two.
    let got = asks.join().unwrap();
    let status = shadow.status();
    println!("{got:?}, then {status:?}; {} starts", worker.restarts());
    OVER.store(true, SeqCst);
    worker.kill();
    driver.kill();
    assert_eq!(status, Ok(7), "one thread counts as two");
    assert_eq!(worker.restarts(), 2);
}
