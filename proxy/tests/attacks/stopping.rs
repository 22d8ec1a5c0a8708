//! Attack: a call that stays inside a server keeps its orderly stop waiting. Meanwhile a bystander calls the server
//! once. The call once asked for the server's recovery again and again, and each time it waited for a share of its
//! remaining budget.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::state::State;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, Shadow, interface};
use samara_testkit::contained::stepping;
use samara_testkit::hosted::{alone, as_host, deaths, host, wait_until};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The length of a turn of the calling thread. Only the waits of that thread move the clock.
const TURN: Duration = Duration::from_micros(100);
const BUDGET: Option<Duration> = Some(Duration::from_millis(20));
/// The deadline that the host gives the stop.
const LONG: Duration = Duration::from_secs(60);

static INSIDE: AtomicBool = AtomicBool::new(false);
static OVER: AtomicBool = AtomicBool::new(false);
/// If this is set, a start lasts until the test ends it.
static SLOW: AtomicBool = AtomicBool::new(false);

fn stay() {
    INSIDE.store(true, SeqCst);
    as_host(|| wait_until("the end", || OVER.load(SeqCst)));
}

#[interface]
trait Server {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Server>, RpcError>;
    #[idempotent]
    fn get(&self) -> Result<u64, RpcError>;
    fn stay(&self) -> Result<u64, RpcError>;
    /// Has another thread begin a restart of the server, and crashes.
    #[idempotent]
    fn crash(&self) -> Result<u64, RpcError>;
}
struct Serving;
impl Server for Serving {
    fn open(&self) -> Result<Proxy<dyn Server>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
    fn get(&self) -> Result<u64, RpcError> {
        Ok(1)
    }
    fn stay(&self) -> Result<u64, RpcError> {
        stay();
        Ok(2)
    }
    fn crash(&self) -> Result<u64, RpcError> {
        as_host(|| {
            INSIDE.store(false, SeqCst);
            OVER.store(false, SeqCst);
            *STARTS.lock().unwrap() = Some(start());
            UNTIL.store(NOW.load(SeqCst) + STARTS_TAKE, SeqCst);
        });
        std::panic::resume_unwind(Box::new(()));
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    if SLOW.load(SeqCst) {
        stay();
    }
    Ok(Serving)
}

#[interface]
trait Client {
    fn ask(&self) -> Result<u64, RpcError>;
    /// Does the same as `ask`, through an object that the client has opened.
    fn ask_object(&self) -> Result<u64, RpcError>;
    fn ask_to_crash(&self) -> Result<u64, RpcError>;
}
struct Asks(Shadow<dyn Server>, Proxy<dyn Server>);
impl Client for Asks {
    fn ask(&self) -> Result<u64, RpcError> {
        self.0.get()
    }
    fn ask_object(&self) -> Result<u64, RpcError> {
        self.1.get()
    }
    fn ask_to_crash(&self) -> Result<u64, RpcError> {
        self.0.crash()
    }
}
fn asks(server: Shadow<dyn Server>) -> Result<Asks, RpcError> {
    let object = server.open()?;
    Ok(Asks(server, object))
}

fn server() -> Domain<dyn Server> {
    OVER.store(false, SeqCst);
    INSIDE.store(false, SeqCst);
    SLOW.store(false, SeqCst);
    let restart = Restart::limited(10, Duration::from_secs(1));
    let spec = DomainSpec::new("server").restart(restart);
    let spec = spec.drain_timeout(TURN * DRAIN_TURNS as u32);
    host().spawn(spec, serving, Mint::nothing()).unwrap()
}

fn client(of: &Domain<dyn Server>, budget: Option<Duration>) -> Domain<dyn Client> {
    let (of, spec) = (of.clone(), DomainSpec::new("client"));
    let spec = budget.map_or(spec, |budget| spec.budget(budget));
    let mint = Mint::fallible(move || of.shadow());
    host().spawn(spec, asks, mint).unwrap()
}

fn is_draining(server: &Domain<dyn Server>) -> bool {
    let block = server.service().current().target().block();
    block.word().state() == State::Draining
}

/// Makes one call of a client with this budget to a server that is being stopped. Returns the result, how many
/// turns the call takes, and how the client ended.
fn one_call(
    ask: fn(&Proxy<dyn Client>) -> Result<u64, RpcError>,
    budget: Option<Duration>,
) -> (Result<u64, RpcError>, u64, Option<ExitKind>) {
    let _alone = alone();
    let stepping = stepping();
    let server = server();
    let client = client(&server, budget);
    let proxy = client.proxy().unwrap();
    assert_eq!(ask(&proxy), Ok(1));
    let ((came, turns), ended) = thread::scope(|scope| {
        let through = server.proxy().unwrap();
        scope.spawn(move || {
            let _contained = contained(false);
            through.stay()
        });
        wait_until("the call", || INSIDE.load(SeqCst));
        let stop = scope.spawn(|| server.stop(LONG));
        wait_until("the stop", || is_draining(&server));
        let came = stepping.by_turns(TURN, |_| (), || ask(&proxy));
        let ended = client.exit_reason().map(|end| end.kind);
        OVER.store(true, SeqCst);
        assert!(stop.join().unwrap().is_ok());
        (came, ended)
    });
    client.kill();
    host().reap();
    (came, turns, ended)
}

const REFUSED: (Result<u64, RpcError>, u64, Option<ExitKind>) =
    (Err(RpcError::RecoveryFailed), 0, None);

/// Invariant: ORDER-30
#[test]
fn one_call_of_a_stopping_server_ends_no_client() {
    assert_eq!(one_call(|client| client.ask(), BUDGET), REFUSED);
}

/// Invariant: ORDER-30
#[test]
fn one_call_of_a_stopping_server_does_not_wait() {
    assert_eq!(one_call(|client| client.ask(), None), REFUSED);
}

/// Invariant: ORDER-30
#[test]
fn one_call_of_its_object_is_refused_at_once() {
    assert_eq!(one_call(|client| client.ask_object(), BUDGET), REFUSED);
}

static SERVER: Mutex<Option<Domain<dyn Server>>> = Mutex::new(None);

fn named() -> Domain<dyn Server> {
    SERVER.lock().unwrap().clone().unwrap()
}

/// Has another thread restart the server. The start lasts until the test ends it.
fn start() -> JoinHandle<bool> {
    let starts = named();
    let starts = thread::spawn(move || {
        let _contained = contained(false);
        starts.restart().is_ok()
    });
    wait_until("the start", || INSIDE.load(SeqCst));
    starts
}

/// Stops the server at the fifth turn, while another thread starts it.
fn stop_it(turn: u64) {
    if turn != 5 {
        return;
    }
    let server = named();
    let deaths_before = deaths("server").len();
    thread::spawn(move || server.stop(LONG));
    wait_until("the stop", || deaths("server").len() > deaths_before);
}

/// If the server is stopped while a client waits for its start, the client's wait ends at once.
///
/// Invariant: ORDER-30
#[test]
fn a_wait_for_a_start_ends_at_a_stop() {
    let _alone = alone();
    let stepping = stepping();
    let server = server();
    let client = client(&server, None);
    let proxy = client.proxy().unwrap();
    SLOW.store(true, SeqCst);
    *SERVER.lock().unwrap() = Some(server.clone());
    let starts = start();
    let (came, turns) = stepping.by_turns(TURN, stop_it, || proxy.ask());
    OVER.store(true, SeqCst);
    assert!(!starts.join().unwrap());
    assert!(server.stop(LONG).is_ok());
    client.kill();
    host().reap();
    assert_eq!((came, turns), (Err(RpcError::RecoveryFailed), 5));
}

/// The number of turns that a start by another thread takes, and the number of turns of a drain timeout.
const STARTS_TAKE: u64 = 90;
const DRAIN_TURNS: u64 = 100;

static STARTS: Mutex<Option<JoinHandle<bool>>> = Mutex::new(None);
static NOW: AtomicU64 = AtomicU64::new(0);
static UNTIL: AtomicU64 = AtomicU64::new(u64::MAX);

/// Ends the other thread's start at the turn `UNTIL`.
fn start_it(turn: u64) {
    NOW.store(turn, SeqCst);
    if turn == UNTIL.load(SeqCst) {
        OVER.store(true, SeqCst);
        let starts = STARTS.lock().unwrap().take().unwrap();
        assert!(starts.join().unwrap(), "the other thread must start it");
    }
}

/// Invariant: ORDER-29
#[test]
fn one_call_waits_one_drain_timeout_for_all_starts() {
    let _alone = alone();
    let stepping = stepping();
    let server = server();
    let client = client(&server, None);
    let proxy = client.proxy().unwrap();
    SLOW.store(true, SeqCst);
    *SERVER.lock().unwrap() = Some(server.clone());
    let (came, turns) = stepping.by_turns(TURN, start_it, || proxy.ask_to_crash());
    OVER.store(true, SeqCst);
    let starts = STARTS.lock().unwrap().take();
    starts.map(JoinHandle::join);
    assert!(server.stop(LONG).is_ok());
    client.kill();
    host().reap();
    assert_eq!(came, Err(RpcError::RecoveryFailed));
    assert!(
        (STARTS_TAKE..=DRAIN_TURNS + 1).contains(&turns),
        "{turns}, of a drain timeout of {DRAIN_TURNS}"
    );
}
