//! Attack: a domain panics, and a destructor that the panic runs never ends. The destructor spends its time where no
//! tick cuts it: it waits, or it calls other domains. Then the domain is killed.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, await_reclaims, host, wait_until};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The time that the server takes for an answer, which is far longer than the domain's own work between two calls.
const WORK: Duration = Duration::from_millis(10);

/// The number of times that the destructor has waited or called.
static ROUNDS: AtomicU64 = AtomicU64::new(0);
/// Whether a start panics.
static STARTS_BADLY: AtomicBool = AtomicBool::new(false);

#[interface]
trait Server {
    fn work(&self) -> Result<(), RpcError>;
}
struct Works;
impl Server for Works {
    fn work(&self) -> Result<(), RpcError> {
        let began = Instant::now();
        while began.elapsed() < WORK {}
        Ok(())
    }
}
fn works((): ()) -> Result<Works, RpcError> {
    Ok(Works)
}

/// Calls the server without end when it is dropped, or parks if there is no server.
struct Endless(Option<Proxy<dyn Server>>);
impl Drop for Endless {
    fn drop(&mut self) {
        loop {
            ROUNDS.fetch_add(1, SeqCst);
            match &self.0 {
                Some(server) => drop(server.work()),
                None => own_thread::park(),
            }
        }
    }
}

fn panic_with(server: Option<Proxy<dyn Server>>) {
    let _endless = Endless(server);
    panic!("on purpose");
}

#[interface]
trait Attacker {
    /// Panics on a thread of its own, and parks in the destructor.
    fn park_on_thread(&self) -> Result<(), RpcError>;
    fn call(&self, server: Proxy<dyn Server>) -> Result<(), RpcError>;
}
struct State;
impl Attacker for State {
    fn park_on_thread(&self) -> Result<(), RpcError> {
        let thread = own_thread::spawn(|| panic_with(None));
        thread.map(drop).map_err(|_| RpcError::OutOfMemory)
    }
    fn call(&self, server: Proxy<dyn Server>) -> Result<(), RpcError> {
        panic_with(Some(server));
        Ok(())
    }
}
fn init(server: Proxy<dyn Server>) -> Result<State, RpcError> {
    if STARTS_BADLY.load(SeqCst) {
        panic_with(Some(server));
    }
    Ok(State)
}

fn spawn(name: &'static str) -> (Domain<dyn Server>, Domain<dyn Attacker>) {
    ROUNDS.store(0, SeqCst);
    let budget = Duration::from_millis(20);
    let spec = DomainSpec::new("works").budget(budget);
    let server: Domain<dyn Server> = host().spawn(spec, works, Mint::nothing()).unwrap();
    let of = server.clone();
    let spec = DomainSpec::new(name)
        .budget(budget)
        .restart(Restart::limited(100, Duration::from_secs(1)));
    let mint = Mint::fallible(move || of.proxy());
    (server, host().spawn(spec, init, mint).unwrap())
}

fn await_rounds() {
    wait_until("the destructor", || ROUNDS.load(SeqCst) > 2);
}

/// Invariant: ORDER-39
#[test]
fn a_killed_domain_that_waits_in_a_panic_is_reclaimed() {
    let _alone = alone();
    let _contained = contained(true);
    let (server, domain) = spawn("waits in a panic");
    domain.proxy().unwrap().park_on_thread().unwrap();
    wait_until("the destructor", || ROUNDS.load(SeqCst) > 0);
    assert!(domain.kill());
    assert_eq!(await_reclaims("waits in a panic", 1).len(), 1);
    server.kill();
}

/// Invariant: ORDER-39
#[test]
fn killed_domain_calling_in_a_panic_frees_its_caller() {
    let _alone = alone();
    let _contained = contained(true);
    let (server, domain) = spawn("calls in a panic");
    let (proxy, of) = (domain.proxy().unwrap(), server.proxy().unwrap());
    let caller = thread::spawn(move || {
        let _contained = contained(true);
        proxy.call(of)
    });
    await_rounds();
    assert!(domain.kill());
    let rounds = ROUNDS.load(SeqCst);
    assert_eq!(caller.join().unwrap(), Err(RpcError::Crashed));
    assert!(
        ROUNDS.load(SeqCst) <= rounds + 1,
        "the killed domain goes on calling"
    );
    server.kill();
}

/// Invariant: ORDER-39
#[test]
fn killed_start_that_panics_frees_its_asker() {
    let _alone = alone();
    let _contained = contained(true);
    let (server, domain) = spawn("starts in a panic");
    STARTS_BADLY.store(true, SeqCst);
    assert!(domain.kill());
    let of = domain.clone();
    let asker = thread::spawn(move || {
        let _contained = contained(true);
        of.restart()
    });
    await_rounds();
    STARTS_BADLY.store(false, SeqCst);
    assert!(domain.kill());
    asker.join().unwrap().unwrap();
    domain.kill();
    server.kill();
}
