//! Attack: as in `attack_slow_open`, a server refuses to open an object again. Before it refuses, the server waits,
//! yields, or computes on a busy machine. So more time passes on the clock than on the server's budget, and the host
//! once charged the difference to the asker.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host, wait_until};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const CLIENTS: Duration = Duration::from_millis(100);
/// The time on the clock that passes before the server refuses. The server's budget is ten times as long.
const SLOW: Duration = Duration::from_millis(500);
const SERVERS: Option<Duration> = Some(Duration::from_secs(5));

/// How the server spends the time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Waits for its disk.
    Waits,
    Yields,
    Works,
    /// Sleeps in one system call, where no tick finds the server.
    Sleeps,
}

static WAY: Mutex<Way> = Mutex::new(Way::Waits);
static MEAN: AtomicBool = AtomicBool::new(false);
static INSIDE: AtomicBool = AtomicBool::new(false);
static OVER: AtomicBool = AtomicBool::new(false);

#[interface]
trait Disk {
    fn read(&self) -> Result<u32, RpcError>;
    /// Returns when the test is over.
    fn long(&self) -> Result<u32, RpcError>;
}
struct Reading;
impl Disk for Reading {
    fn read(&self) -> Result<u32, RpcError> {
        Ok(1)
    }
    fn long(&self) -> Result<u32, RpcError> {
        INSIDE.store(true, SeqCst);
        while !OVER.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        Ok(1)
    }
}

#[interface]
trait Files {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn File>, RpcError>;
}
#[interface]
trait File {
    #[idempotent]
    fn len(&self) -> Result<u32, RpcError>;
}
struct Serving(Shadow<dyn Disk>);
impl Serving {
    fn pass(&self) {
        let (began, way) = (Instant::now(), *WAY.lock().unwrap());
        if way == Way::Waits {
            let _ = self.0.read();
        }
        if way == Way::Sleeps {
            thread::sleep(SLOW);
        }
        while began.elapsed() < SLOW {
            if way == Way::Yields {
                samara_domain::thread::yield_now();
            }
        }
    }
}
struct Open;
impl File for Open {
    fn len(&self) -> Result<u32, RpcError> {
        assert!(
            !MEAN.load(SeqCst),
            "dies so that the object has to be opened again"
        );
        Ok(7)
    }
}
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        if MEAN.load(SeqCst) {
            self.pass();
            return Err(RpcError::OutOfMemory);
        }
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
}

#[interface]
trait Client {
    fn open(&self) -> Result<u32, RpcError>;
    fn len(&self) -> Result<u32, RpcError>;
}
struct Calling(Shadow<dyn Files>, Mutex<Option<Proxy<dyn File>>>);
impl Client for Calling {
    fn open(&self) -> Result<u32, RpcError> {
        *self.1.lock().unwrap() = Some(self.0.open()?);
        Ok(0)
    }
    fn len(&self) -> Result<u32, RpcError> {
        let file = self.1.lock().unwrap().take().unwrap();
        let _ = file.len();
        Ok(1)
    }
}

/// Has a client call an object once. The server, which has this budget, refuses to open the object again, while
/// `hogs` threads keep the processors busy. Asserts that the client lives.
fn asks_once(way: Way, hogs: usize, budget: Option<Duration>) {
    let _alone = alone();
    let _contained = contained(true);
    INSIDE.store(false, SeqCst);
    OVER.store(false, SeqCst);
    *WAY.lock().unwrap() = way;
    let restart = Restart::limited(100, Duration::from_secs(1));
    let spec = DomainSpec::new("disk").restart(restart).drain_timeout(SLOW);
    let init = |()| Ok::<_, RpcError>(Reading);
    let disk: Domain<dyn Disk> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let of = disk.clone();
    let init = |disk| Ok::<_, RpcError>(Serving(disk));
    let spec = DomainSpec::new("files").restart(restart);
    let spec = budget.map_or(spec, |budget| spec.budget(budget));
    let mint = Mint::fallible(move || of.shadow());
    let server: Domain<dyn Files> = host().spawn(spec, init, mint).unwrap();
    let of = server.clone();
    let mint = Mint::fallible(move || of.shadow());
    let init = |files| Ok::<_, RpcError>(Calling(files, Mutex::default()));
    let spec = DomainSpec::new("innocent").budget(CLIENTS);
    let client: Domain<dyn Client> = host().spawn(spec, init, mint).unwrap();
    let proxy = client.proxy().unwrap();
    assert_eq!(proxy.open(), Ok(0));
    let inside = (way == Way::Waits).then(|| {
        let direct = disk.proxy().unwrap();
        let inside = thread::spawn(move || {
            let _contained = contained(false);
            let _ = direct.long();
        });
        wait_until("the call", || INSIDE.load(SeqCst));
        assert!(disk.kill());
        inside
    });
    let hog = || {
        while !OVER.load(SeqCst) {
            std::hint::spin_loop();
        }
    };
    let hogs: Vec<_> = (0..hogs).map(|_| thread::spawn(hog)).collect();
    MEAN.store(true, SeqCst);
    let got = proxy.len();
    MEAN.store(false, SeqCst);
    OVER.store(true, SeqCst);
    for thread in hogs.into_iter().chain(inside) {
        thread.join().unwrap();
    }
    let died = client.exit_reason().map(|end| (end.kind, end.message));
    client.kill();
    server.kill();
    disk.kill();
    host().reap();
    assert_eq!(died, None, "{got:?}");
    assert_eq!(got, Ok(1));
}

/// Invariant: ORDER-23
#[test]
fn asker_of_a_server_that_waits_for_its_disk_lives() {
    asks_once(Way::Waits, 0, SERVERS);
}

/// Invariant: ORDER-23
#[test]
fn asker_of_a_waiting_server_without_a_budget_lives() {
    asks_once(Way::Waits, 0, None);
}

/// Invariant: ORDER-23
#[test]
fn asker_of_a_server_that_yields_lives() {
    asks_once(Way::Yields, 6, SERVERS);
}

/// Invariant: ORDER-23
#[test]
fn asker_of_a_server_that_works_lives() {
    asks_once(Way::Works, 6, SERVERS);
}

/// Invariant: ORDER-23
#[test]
fn asker_of_a_server_that_sleeps_lives() {
    asks_once(Way::Sleeps, 0, SERVERS);
}
