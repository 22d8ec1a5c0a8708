//! Attack: a callee keeps its callers' threads. Threads that a dead generation has left inside the callee still
//! count for its name, so the next generation has fewer. A start that fails for want of them is not counted as
//! a crash.

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::RRef;
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/holdup.rs"]
mod holdup;
use holdup::{INSIDE, OVER, Waits, spawn_waiting};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const RESTARTS: u32 = 20;
/// While this flag is set, the worker's recorded call waits. It returns when the test clears the flag.
static BLOCKS: AtomicBool = AtomicBool::new(false);
static REPLAYING: AtomicBool = AtomicBool::new(false);

#[interface]
trait Works {
    #[replay]
    fn set(&self) -> Result<(), RpcError>;
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
    /// Returns whether the domain can spawn one more thread.
    fn one_more(&self) -> Result<bool, RpcError>;
}
/// A worker, which holds these objects on the exchange heap.
struct Working(Vec<RRef<[u8]>>);
impl Works for Working {
    fn set(&self) -> Result<(), RpcError> {
        while BLOCKS.load(SeqCst) {
            REPLAYING.store(true, SeqCst);
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
    fn one_more(&self) -> Result<bool, RpcError> {
        let one = own_thread::spawn(|| ());
        Ok(one.map(own_thread::Thread::join).is_ok())
    }
}
/// Starts with a thread inside the callee.
fn working(callee: Proxy<dyn Waits>) -> Result<Working, RpcError> {
    let before = INSIDE.load(SeqCst);
    let work = move || {
        let _ = callee.wait();
    };
    own_thread::spawn(work).map_err(|_| RpcError::OutOfMemory)?;
    while INSIDE.load(SeqCst) == before {
        thread::yield_now();
    }
    Ok(Working(Vec::new()))
}
/// Starts with a thread inside the callee and with all objects that its quota allows.
fn hoarding(callee: Proxy<dyn Waits>) -> Result<Working, RpcError> {
    let Working(mut hoard) = working(callee)?;
    while let Ok(piece) = RRef::new_zeroed_slice(64 << 10) {
        hoard.push(piece);
    }
    // This makes room for the value that `init` returns.
    hoard.pop();
    Ok(Working(hoard))
}

struct Worker {
    name: &'static str,
    callee: Domain<dyn Waits>,
    domain: Domain<dyn Works>,
    shadow: Shadow<dyn Works>,
}

impl Worker {
    fn spawn(
        name: &'static str,
        spec: impl FnOnce(DomainSpec) -> DomainSpec,
        init: fn(Proxy<dyn Waits>) -> Result<Working, RpcError>,
    ) -> Self {
        let callee = spawn_waiting();
        let of = callee.clone();
        let restart = Restart::limited(RESTARTS, Duration::from_secs(3600));
        let spec =
            spec(DomainSpec::new(name).restart(restart)).drain_timeout(Duration::from_millis(10));
        let mint = Mint::fallible(move || of.proxy());
        let domain: Domain<dyn Works> = host().spawn(spec, init, mint).unwrap();
        let shadow = domain.shadow().unwrap();
        Self {
            name,
            callee,
            domain,
            shadow,
        }
    }

    /// Has the callee give the threads back, and waits until no dead generation is left.
    fn give_back(&self) {
        OVER.store(true, SeqCst);
        let alive = usize::from(self.domain.service().current().is_alive());
        wait_until("the reclaim", || {
            host().reap();
            let all = host().domains();
            all.filter(|info| info.name.as_str() == self.name).count() == alive
        });
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        BLOCKS.store(false, SeqCst);
        self.domain.kill();
        self.give_back();
        self.callee.kill();
        host().reap();
    }
}

/// Invariant: HEAP-26, HEAP-27
#[test]
fn a_slow_callee_closes_no_service_for_good() {
    let _alone = alone();
    OVER.store(false, SeqCst);
    let before = INSIDE.load(SeqCst);
    let worker = Worker::spawn("worker", |spec| spec.threads(1), working);
    assert_eq!(INSIDE.load(SeqCst), before + 1);
    // The domain dies once, of any cause. No client gets the service back while the domain's only thread is inside
    // the callee.
    assert!(worker.domain.kill());
    for _ in 0..100 {
        assert_eq!(worker.shadow.status(), Err(RpcError::RecoveryFailed));
    }
    let tried = worker.domain.restarts();
    assert!(tried <= RESTARTS, "{tried} failed starts");
    let ends: Vec<_> = worker.domain.exits().collect();
    assert_eq!(
        ends.len(),
        1,
        "failed starts must not count as ends: {ends:?}"
    );
    worker.give_back();
    assert_eq!(worker.shadow.status(), Ok(7));
}

/// Invariant: HEAP-32
#[test]
fn new_generation_gets_the_threads_that_come_back() {
    let _alone = alone();
    OVER.store(false, SeqCst);
    let worker = Worker::spawn("twice", |spec| spec.threads(2), working);
    assert!(worker.domain.kill());
    assert_eq!(worker.shadow.status(), Ok(7));
    // The dead generation still has one thread, and the new generation has the other.
    assert_eq!(worker.shadow.one_more(), Ok(false));
    worker.give_back();
    assert_eq!(worker.shadow.one_more(), Ok(true));
}

/// A generation that dies while its recorded calls are replayed may still become the service's current generation. It
/// must count as lagging only once, although the service loses it twice: as a failed start and as the current
/// generation.
///
/// Invariant: HEAP-32
#[test]
fn a_generation_killed_in_its_replay_lags_once() {
    let _alone = alone();
    OVER.store(false, SeqCst);
    let worker = Worker::spawn("replaying", |spec| spec, working);
    worker.shadow.set().unwrap();
    // After each round two more generations lag. A name may have eight of them.
    for round in 1..4 {
        assert!(worker.domain.kill());
        REPLAYING.store(false, SeqCst);
        BLOCKS.store(true, SeqCst);
        let other = worker.shadow.try_clone().unwrap();
        let asks = thread::spawn(move || other.status());
        wait_until("the replay", || REPLAYING.load(SeqCst));
        assert!(worker.domain.kill());
        BLOCKS.store(false, SeqCst);
        assert_eq!(asks.join().unwrap(), Ok(7), "round {round}");
        assert_eq!(worker.domain.restarts(), 2 * round);
    }
}

/// Checks the documented limit: a service has at most nine generations at a time, each with its whole quota.
#[test]
fn dead_generations_have_a_quota_each_and_are_few() {
    const QUOTA: usize = 1 << 20;
    let _alone = alone();
    OVER.store(false, SeqCst);
    let spec = |spec: DomainSpec| spec.shared_quota(QUOTA);
    let worker = Worker::spawn("hoard", spec, hoarding);
    for _ in 0..12 {
        worker.domain.kill();
        let _ = worker.shadow.status();
    }
    let all = host().domains();
    let has: Vec<_> = all
        .filter(|info| info.name.as_str() == "hoard")
        .map(|info| info.shared_bytes)
        .collect();
    assert!(has.len() > 1 && has.len() <= 9, "{has:?}");
    assert!(has.iter().all(|bytes| *bytes <= QUOTA), "{has:?}");
}
