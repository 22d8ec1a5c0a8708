//! Threads of domains: they count as calls inside, and they die and are stopped with their domain.

use samara_domain_runtime::threads::MAX_THREADS;
use samara_domain_runtime::threads::api::{self as thread, SpawnError, Thread};
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint};
use samara_host_std::{DomainAlloc, System, spawn_reaper};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_shared_heap::thread as on;
use samara_testkit::contained::contained;
use samara_testkit::hosted::wait_until;
use samara_testkit::hosted::{Totals, alone, await_reclaims, deaths, host, owner_of, reclaims};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const LONG: Duration = Duration::from_secs(60);

#[interface]
trait Pool {
    fn ping(&self) -> Result<(), RpcError>;
    /// Spawns a thread that adds up `numbers` in private memory. Returns the sum and the owner for which the
    /// thread ran.
    fn sum(&self, numbers: RRef<[u64]>) -> Result<(u64, usize), RpcError>;
    /// Spawns a thread that parks, yields or spawns, as `kind` says, until `finish` ends it. Returns whether there is
    /// a thread that `finish` can end.
    fn start(&self, kind: usize) -> Result<bool, RpcError>;
    /// Unparks the thread that was spawned last, and waits for its end.
    fn finish(&self) -> Result<(), RpcError>;
    /// Spawns a thread that panics, and returns.
    fn panic_there(&self) -> Result<(), RpcError>;
    /// Spawns a thread that calls `peer` without end.
    fn call_there(&self, peer: Proxy<dyn Pool>) -> Result<(), RpcError>;
    /// Makes fallible allocations of 1 MiB of private memory and of 60 KiB of shared memory on a thread. Returns
    /// which of the two succeeded.
    fn hoard_there(&self) -> Result<(bool, bool), RpcError>;
}

const PARKS: usize = 0;
const YIELDS: usize = 1;
const PARKS_SHORTLY: usize = 2;
const SPAWNS: usize = 3;

#[derive(Default)]
struct Shared {
    done: AtomicBool,
    sum: Mutex<Option<(u64, usize)>>,
    hoard: Mutex<Option<(bool, bool)>>,
}

#[derive(Default)]
struct Workers {
    shared: Arc<Shared>,
    last: Mutex<Option<Thread>>,
}

/// Counts when its frame is left by a return or by unwinding.
struct Mark;
static MARKS: AtomicUsize = AtomicUsize::new(0);
impl Drop for Mark {
    fn drop(&mut self) {
        MARKS.fetch_add(1, SeqCst);
    }
}

impl Pool for Workers {
    fn ping(&self) -> Result<(), RpcError> {
        Ok(())
    }
    fn sum(&self, numbers: RRef<[u64]>) -> Result<(u64, usize), RpcError> {
        let shared = self.shared.clone();
        let body = move || {
            let private: Vec<u64> = numbers.to_vec();
            let me = on::current().owner().index();
            *shared.sum.lock().unwrap() = Some((private.iter().sum(), me));
        };
        thread::spawn(body).unwrap().join();
        Ok(self.shared.sum.lock().unwrap().take().unwrap())
    }
    fn start(&self, kind: usize) -> Result<bool, RpcError> {
        let shared = self.shared.clone();
        let body = move || {
            let _mark = Mark;
            assert!(thread::current().is_some());
            while !shared.done.load(SeqCst) && !thread::is_stopping() {
                match kind {
                    YIELDS => thread::yield_now(),
                    PARKS_SHORTLY => thread::park_timeout(Duration::from_millis(1)),
                    SPAWNS => drop(thread::spawn(|| ())),
                    _ => thread::park(),
                }
            }
        };
        match thread::spawn(body) {
            Ok(thread) => *self.last.lock().unwrap() = Some(thread),
            Err(error) => assert!(matches!(error, SpawnError::Limit), "{error}"),
        }
        Ok(self.last.lock().unwrap().is_some())
    }
    fn finish(&self) -> Result<(), RpcError> {
        self.shared.done.store(true, SeqCst);
        let last = self.last.lock().unwrap().take().unwrap();
        last.unpark();
        last.join();
        Ok(())
    }
    fn panic_there(&self) -> Result<(), RpcError> {
        thread::spawn(|| panic!("on a thread of its own")).unwrap();
        Ok(())
    }
    fn call_there(&self, peer: Proxy<dyn Pool>) -> Result<(), RpcError> {
        let body = move || {
            let _mark = Mark;
            while peer.ping().is_ok() {}
        };
        thread::spawn(body).unwrap();
        Ok(())
    }
    fn hoard_there(&self) -> Result<(bool, bool), RpcError> {
        let shared = self.shared.clone();
        let body = move || {
            let private = Vec::<u8>::new().try_reserve_exact(1 << 20).is_ok();
            let common = RRef::<[u8]>::new_zeroed_slice(60 << 10).is_ok();
            *shared.hoard.lock().unwrap() = Some((private, common));
        };
        thread::spawn(body).unwrap().join();
        Ok(self.shared.hoard.lock().unwrap().take().unwrap())
    }
}

fn init((): ()) -> Result<Workers, RpcError> {
    Ok(Workers::default())
}

fn spawn(spec: DomainSpec) -> (Domain<dyn Pool>, Proxy<dyn Pool>) {
    let domain: Domain<dyn Pool> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// Counts the threads of domains in the system's list. Other threads are left out, since the test harness starts and
/// ends them at any time.
fn system_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names
        .filter(|name| name.starts_with("domain-thread"))
        .count()
}

#[test]
fn a_thread_runs_as_its_domain_with_what_it_captured() {
    let _alone = alone();
    let before = (Totals::now(), system_threads());
    let (domain, proxy) = spawn(DomainSpec::new("sum"));
    // The loop starts more threads than there are places, so that places of ended threads are used again.
    for _ in 0..MAX_THREADS + 20 {
        let (sum, who) = proxy.sum(RRef::from_slice(&[1, 2, 3])).unwrap();
        assert_eq!((sum, who), (6, owner_of(&domain).index()));
    }
    assert_eq!(domain.info().threads, 0, "ended threads must hold no place");
    drop(proxy);
    assert_eq!(domain.stop(LONG), Ok(()));
    assert_eq!(Totals::now(), before.0);
    wait_until("the end of all threads", || system_threads() <= before.1);
}

/// Invariant: THREAD-1
#[test]
fn a_thread_counts_as_a_call_inside_and_is_unparked() {
    let _alone = alone();
    let (domain, proxy) = spawn(DomainSpec::new("parks"));
    assert_eq!(proxy.start(PARKS), Ok(true));
    assert_eq!(domain.info().threads, 1);
    assert_eq!(proxy.finish(), Ok(()));
    assert_eq!(domain.info().threads, 0);
    assert!(domain.kill());
    assert_eq!(await_reclaims("parks", 1).len(), 1);
}

/// Invariant: THREAD-3
/// Failure: F-21
#[test]
fn kill_unwinds_a_thread_at_every_boundary() {
    let _alone = alone();
    for (kind, name) in [
        (PARKS, "kill-parks"),
        (YIELDS, "kill-yields"),
        (PARKS_SHORTLY, "kill-parks-shortly"),
        (SPAWNS, "kill-spawns"),
    ] {
        let before = (Totals::now(), MARKS.load(SeqCst));
        let (domain, proxy) = spawn(DomainSpec::new(name).threads(4));
        assert_eq!(proxy.start(kind), Ok(true));
        assert!(domain.kill());
        assert_eq!(await_reclaims(name, 1).len(), 1);
        // If the thread was killed before it began, none of its code ran and there is no further mark.
        assert!(MARKS.load(SeqCst) <= before.1 + 1);
        drop(proxy);
        assert_eq!(Totals::now(), before.0, "{name}");
    }
}

/// Invariant: THREAD-3
/// Failure: F-21
#[test]
fn kill_reaches_a_thread_when_its_call_returns() {
    let _alone = alone();
    let before = (Totals::now(), MARKS.load(SeqCst));
    let (peer, peer_proxy) = spawn(DomainSpec::new("called"));
    let (domain, proxy) = spawn(DomainSpec::new("calls"));
    assert_eq!(proxy.call_there(peer_proxy), Ok(()));
    wait_until("calls", || peer.info().calls > 100);
    assert!(domain.kill());
    assert_eq!(await_reclaims("calls", 1).len(), 1);
    assert_eq!(MARKS.load(SeqCst), before.1 + 1);
    assert_eq!(peer.proxy().unwrap().ping(), Ok(()));
    assert!(peer.kill());
    drop(proxy);
    assert_eq!(Totals::now(), before.0);
}

/// Failure: F-20
#[test]
fn a_panic_on_a_thread_is_its_domains_death() {
    let _alone = alone();
    let before = Totals::now();
    let (domain, proxy) = spawn(DomainSpec::new("panics"));
    // The call that spawned the thread may already fail because of the death.
    let _ = proxy.panic_there();
    wait_until("the death", || !deaths("panics").is_empty());
    let why = domain.exit_reason().unwrap();
    assert_eq!(
        (why.kind, why.message.as_str()),
        (ExitKind::Panic, "on a thread of its own")
    );
    assert_eq!(proxy.ping(), Err(RpcError::Dead));
    drop(proxy);
    assert_eq!(await_reclaims("panics", 1).len(), 1);
    assert_eq!(Totals::now(), before);
}

#[test]
fn a_stop_tells_threads_and_waits_for_them() {
    let _alone = alone();
    let (domain, proxy) = spawn(DomainSpec::new("stop"));
    for kind in [PARKS, YIELDS, PARKS_SHORTLY] {
        assert_eq!(proxy.start(kind), Ok(true));
    }
    let marks = MARKS.load(SeqCst);
    // The sleep is long enough that the first thread is already parked, without a timeout, when the stop comes.
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(domain.stop(Duration::from_secs(5)), Ok(()));
    assert_eq!(MARKS.load(SeqCst), marks + 3);
    let ends: Vec<_> = deaths("stop").iter().map(|why| why.kind).collect();
    assert_eq!(ends, [ExitKind::Stopped]);
    assert_eq!(reclaims("stop").len(), 1);
}

/// Failure: F-7
#[test]
fn quotas_hold_on_threads_and_for_their_number() {
    let _contained = contained(false);
    let _alone = alone();
    let spec = DomainSpec::new("quota")
        .heap_quota(512 << 10)
        .shared_quota(16 << 10)
        .threads(2);
    let (domain, proxy) = spawn(spec);
    assert_eq!(proxy.hoard_there(), Ok((false, false)));
    for expected in [1, 2, 2] {
        proxy.start(PARKS).unwrap();
        assert_eq!(domain.info().threads, expected);
    }
    assert!(domain.kill());
    assert_eq!(await_reclaims("quota", 1).len(), 1);
    let (none, proxy) = spawn(DomainSpec::new("no-threads").threads(0));
    assert_eq!(proxy.start(PARKS), Ok(false));
    assert!(none.kill());
}

#[test]
fn the_host_spawns_no_threads_here() {
    assert_eq!(thread::spawn(|| ()), Err(SpawnError::NotADomain));
    assert_eq!(thread::current(), None);
    thread::park();
}

/// Invariant: THREAD-1
/// Failure: F-20
#[test]
fn a_crash_loop_with_threads_leaves_nothing() {
    let _alone = alone();
    let before = (Totals::now(), system_threads());
    let reaper = spawn_reaper();
    for round in 0..200 {
        let (domain, proxy) = spawn(DomainSpec::new("loop"));
        let _ = proxy.start(round % 3);
        let _ = proxy.start(YIELDS);
        let _ = proxy.panic_there();
        drop((domain, proxy));
    }
    // The reaper does not poll for ended domains, so the last exit of each domain must wake it.
    let start = Instant::now();
    while reclaims("loop").len() < 200 {
        assert!(start.elapsed() < LONG, "the reaper sleeps");
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(reaper);
    assert_eq!(Totals::now(), before.0);
    wait_until("the end of all threads", || system_threads() <= before.1);
}
