//! Attack: a server crashes at each attempt of one call. In each dead generation it leaves a thread behind, for a
//! little less time than the client may wait at this attempt. If the waits of one call had no common limit, they
//! would use up the client's budget. A further test does the same with the waits of the host between the attempts.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError, control};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, Shadow, interface};
use samara_shared_heap::Owner;
use samara_testkit::contained::{Contained, contained, stepping};
use samara_testkit::hosted::{alone, as_host, await_reclaims, host, reclaims, wait_until};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The length of a turn of the calling thread. Only the waits of that thread move the clock.
const TURN: Duration = Duration::from_micros(100);
const BUDGET_TURNS: u64 = 200;
const BUDGET: Duration = Duration::from_millis(20);

/// For each dead generation, the number of turns for which a thread stays in it.
static STAYS: Mutex<&[u64]> = Mutex::new(&[]);
/// `CAME` is the number of threads that have come so far. The first `LEAVE` of them are to leave.
static CAME: AtomicU64 = AtomicU64::new(0);
static LEAVE: AtomicU64 = AtomicU64::new(0);
/// The number of the thread that stays inside as the host, so that its domain's death does not cut it.
const AS_HOST: u64 = 7;
/// `NOW` is the number of turns so far. The thread that came last is to leave at the turn `UNTIL`.
static NOW: AtomicU64 = AtomicU64::new(0);
static UNTIL: AtomicU64 = AtomicU64::new(u64::MAX);
/// Whether the server has crashed.
static HAS_CRASHED: AtomicBool = AtomicBool::new(false);

/// Is called when a turn of the client is over. If a thread is to leave in this turn, waits until it has left.
fn turn(turns: u64) {
    NOW.store(turns, SeqCst);
    if turns != UNTIL.load(SeqCst) {
        return;
    }
    let before = reclaims("server").len();
    LEAVE.store(CAME.load(SeqCst), SeqCst);
    let last = await_reclaims("server", before + 1)[before];
    let block = control::block(Owner::from_index(last.id).unwrap());
    wait_until("the slot", || block.word().generation() != last.generation);
}

#[interface]
trait Accomplice {
    fn stay(&self, number: u64) -> Result<(), RpcError>;
}
struct Stays;
impl Accomplice for Stays {
    fn stay(&self, number: u64) -> Result<(), RpcError> {
        CAME.store(number + 1, SeqCst);
        if number == AS_HOST {
            as_host(|| wait_until("the end", || LEAVE.load(SeqCst) > AS_HOST));
        }
        while LEAVE.load(SeqCst) <= number {
            own_thread::yield_now();
        }
        Ok(())
    }
}
fn stays((): ()) -> Result<Stays, RpcError> {
    Ok(Stays)
}

#[interface]
trait Server {
    #[idempotent]
    fn get(&self) -> Result<u64, RpcError>;
}
struct Crashes(Arc<Proxy<dyn Accomplice>>);
impl Server for Crashes {
    fn get(&self) -> Result<u64, RpcError> {
        let number = CAME.load(SeqCst);
        let turns = as_host(|| STAYS.lock().unwrap().get(number as usize).copied());
        if let Some(turns) = turns {
            let accomplice = Arc::clone(&self.0);
            let _ = own_thread::spawn(move || accomplice.stay(number).unwrap_or_default());
            as_host(|| wait_until("the thread", || CAME.load(SeqCst) > number));
            UNTIL.store(NOW.load(SeqCst) + turns, SeqCst);
        }
        HAS_CRASHED.store(true, SeqCst);
        std::panic::resume_unwind(Box::new(()));
    }
}
fn crashes(accomplice: Proxy<dyn Accomplice>) -> Result<Crashes, RpcError> {
    Ok(Crashes(Arc::new(accomplice)))
}

#[interface]
trait Client {
    /// Calls the server `times` times, whatever the answers. Returns the number of calls that succeeded.
    fn ask(&self, times: u32) -> Result<u32, RpcError>;
}
struct Asks(Shadow<dyn Server>);
impl Client for Asks {
    fn ask(&self, times: u32) -> Result<u32, RpcError> {
        let answers = (0..times).filter(|_| self.0.get().is_ok());
        Ok(answers.count() as u32)
    }
}
fn asks(server: Shadow<dyn Server>) -> Result<Asks, RpcError> {
    Ok(Asks(server))
}

fn accomplice() -> Domain<dyn Accomplice> {
    let spec = DomainSpec::new("stays").restart(Restart::limited(10, Duration::from_secs(60)));
    host().spawn(spec, stays, Mint::nothing()).unwrap()
}

/// Has a client call a server `times` times. In each dead generation of the server a thread stays, for as many turns
/// as `stay` lists. Returns how many turns the client waits, and how it ends.
fn calls(
    times: u32,
    stay: &'static [u64],
    server: DomainSpec,
    client: DomainSpec,
) -> (u64, Option<ExitKind>) {
    let _alone = alone();
    let stepping = stepping();
    begin(stay);
    let accomplice = accomplice();
    let mint = Mint::fallible(move || accomplice.proxy());
    calls_of(&stepping, times, server, mint, client)
}

fn begin(stay: &'static [u64]) {
    *STAYS.lock().unwrap() = stay;
    CAME.store(0, SeqCst);
    LEAVE.store(0, SeqCst);
    UNTIL.store(u64::MAX, SeqCst);
    HAS_CRASHED.store(false, SeqCst);
}

fn calls_of(
    stepping: &Contained,
    times: u32,
    server: DomainSpec,
    mint: Mint<Proxy<dyn Accomplice>>,
    client: DomainSpec,
) -> (u64, Option<ExitKind>) {
    let server: Domain<dyn Server> = host().spawn(server, crashes, mint).unwrap();
    let of = server.clone();
    let mint = Mint::fallible(move || of.shadow());
    let client: Domain<dyn Client> = host().spawn(client, asks, mint).unwrap();
    let proxy = client.proxy().unwrap();
    let (came, turns) = stepping.by_turns(TURN, turn, || proxy.ask(times));
    let ended = client.exit_reason().map(|end| end.kind);
    LEAVE.store(u64::MAX, SeqCst);
    println!("{came:?} after {turns} turns, {ended:?}");
    client.kill();
    server.kill();
    host().reap();
    (turns, ended)
}

fn server() -> DomainSpec {
    DomainSpec::new("server").restart(Restart::limited(10, Duration::from_secs(60)))
}

/// Invariant: ORDER-27
#[test]
fn one_call_of_a_server_that_crashes_ends_no_client() {
    // Each stay fits into half of the budget that is left, and the last one into a 16th of the whole budget.
    let client = DomainSpec::new("client").budget(BUDGET);
    let (turns, ended) = calls(1, &[96, 46, 18, 12], server(), client);
    assert_eq!(ended, None, "after {turns} turns");
    assert_one_share(turns);
}

fn assert_one_share(turns: u64) {
    assert!(
        (96..=BUDGET_TURNS / 2 + 1).contains(&turns),
        "{turns}, of a share of half of {BUDGET_TURNS}"
    );
}

/// Invariant: ORDER-28
#[test]
fn waits_between_crashes_end_no_client() {
    let server = DomainSpec::new("server").restart(Restart::limited(u32::MAX, TURN));
    let client = DomainSpec::new("client").budget(BUDGET);
    let (turns, ended) = calls(100, &[], server, client);
    assert_eq!(ended, None, "after {turns} turns");
}

/// The recipe itself calls a domain that cannot be started yet. Each call that the recipe makes may wait. These waits
/// must come off the share of its budget that the client's call may spend on waits.
///
/// Invariant: ORDER-27
#[test]
fn waits_of_recipes_come_off_the_calls_share() {
    let _alone = alone();
    let stepping = stepping();
    begin(&[]);
    let slow = accomplice();
    let inside = slow.proxy().unwrap();
    let inside = thread::spawn(move || {
        let _contained = contained(false);
        inside.stay(AS_HOST)
    });
    wait_until("the call", || CAME.load(SeqCst) > 0);
    LEAVE.store(1, SeqCst);
    let (needed, of) = (slow.shadow().unwrap(), accomplice());
    let mint = move || {
        if HAS_CRASHED.load(SeqCst) {
            assert_eq!(needed.stay(0), Err(RpcError::RecoveryFailed));
        }
        of.proxy()
    };
    assert!(slow.kill());
    let client = DomainSpec::new("client").budget(BUDGET);
    let (turns, ended) = calls_of(&stepping, 1, server(), Mint::fallible(mint), client);
    let _ = inside.join();
    assert_eq!(ended, None, "after {turns} turns");
    assert_one_share(turns);
}
