//! What counts against a domain's budget, and what does not; waits that never end.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use samara::runtime::state::State as Life;
use samara::runtime::threads::api as domain_thread;
use spin::Mutex;

use super::kernel_tests;
use super::threads::start;
use super::totals::leaves_nothing;
use crate::host::runtime;
use crate::thread::request;
use crate::time;

const BUDGET: Duration = Duration::from_millis(20);
/// What a thread works for at a time.
const ROUND: Duration = Duration::from_millis(5);

/// A wait for what never comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
enum Wait {
    /// In the call; there it is one for a turn, again and again.
    Park,
    Yield,
    /// On a thread of its own, for which the call does not wait.
    ParkOnThread,
    /// For such a thread.
    Join,
}

/// A domain that has a budget.
#[interface]
trait Worker {
    fn wait(&self, how: Wait) -> Result<(), RpcError>;
    /// Works for so many rounds, and may wait in between.
    fn rounds(&self, count: u32, yields: bool) -> Result<u32, RpcError>;
    /// Has `other` work.
    fn delegate(&self, other: Proxy<dyn Worker>, rounds: u32) -> Result<u32, RpcError>;
    /// Waits in the host's stead for [`MAY_RETURN`].
    fn linger(&self) -> Result<(), RpcError>;
    /// Has `other` linger.
    fn delegate_lingering(&self, other: Proxy<dyn Worker>) -> Result<(), RpcError>;
}

struct State;

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

static LINGERS: AtomicBool = AtomicBool::new(false);
static MAY_RETURN: AtomicBool = AtomicBool::new(false);
/// Domains' threads that went on where they must not.
static WENT_ON: AtomicU32 = AtomicU32::new(0);

fn park_for_ever() {
    loop {
        domain_thread::park();
    }
}

impl Worker for State {
    fn wait(&self, how: Wait) -> Result<(), RpcError> {
        match how {
            Wait::Park => park_for_ever(),
            Wait::Yield => loop {
                domain_thread::yield_now();
            },
            Wait::ParkOnThread => drop(domain_thread::spawn(park_for_ever)),
            Wait::Join => {
                domain_thread::spawn(park_for_ever)
                    .expect("room for it")
                    .join();
                WENT_ON.fetch_add(1, SeqCst);
            }
        }
        Ok(())
    }

    fn rounds(&self, count: u32, yields: bool) -> Result<u32, RpcError> {
        for _ in 0..count {
            let began = time::since_boot();
            while time::since_boot() - began < ROUND {
                core::hint::spin_loop();
            }
            if yields {
                domain_thread::yield_now();
            }
        }
        Ok(count)
    }

    fn delegate(&self, other: Proxy<dyn Worker>, rounds: u32) -> Result<u32, RpcError> {
        let done = other.rounds(rounds, false)?;
        // Some ticks of its own: what the callee took would show.
        self.rounds(1, false)?;
        Ok(done)
    }

    fn linger(&self) -> Result<(), RpcError> {
        LINGERS.store(true, SeqCst);
        while !MAY_RETURN.load(SeqCst) {
            core::hint::spin_loop();
        }
        Ok(())
    }

    fn delegate_lingering(&self, other: Proxy<dyn Worker>) -> Result<(), RpcError> {
        let lingered = other.linger();
        WENT_ON.fetch_add(1, SeqCst);
        lingered
    }
}

fn spawn(spec: DomainSpec) -> Domain<dyn Worker> {
    let domain = runtime().spawn(spec, init, Mint::nothing());
    domain.expect("a domain")
}

fn frugal() -> Domain<dyn Worker> {
    spawn(DomainSpec::new("frugal").budget(BUDGET))
}

fn plain() -> Domain<dyn Worker> {
    spawn(DomainSpec::new("plain"))
}

fn await_death(domain: &Domain<dyn Worker>) -> ExitKind {
    let began = time::since_boot();
    while domain.exit_reason().is_none() {
        assert!(
            time::since_boot() - began < Duration::from_secs(10),
            "it lives"
        );
        request::sleep(Duration::from_millis(1));
    }
    domain.exit_reason().expect("it died").kind
}

/// Who overruns and whom it calls.
type Parties = (Domain<dyn Worker>, Domain<dyn Worker>);

static PARTIES: Mutex<Option<Parties>> = Mutex::new(None);

fn delegate_lingering(_: usize) {
    let (caller, callee) = PARTIES.lock().clone().expect("both");
    let callee = callee.proxy().expect("alive");
    let ended = caller.proxy().expect("alive").delegate_lingering(callee);
    assert_eq!(ended, Err(RpcError::Crashed));
}

kernel_tests! {
    /// Failure: F-13, F-14, F-15
    fn a_wait_that_never_ends_is_ended_by_its_budget() {
        for how in [Wait::Park, Wait::Yield, Wait::ParkOnThread, Wait::Join] {
            leaves_nothing(|| {
                let domain = frugal();
                let went_on = WENT_ON.load(SeqCst);
                let ended = domain.proxy().expect("alive").wait(how);
                let expected = if how == Wait::ParkOnThread { Ok(()) } else { Err(RpcError::Crashed) };
                assert_eq!(ended, expected, "{how:?}");
                assert_eq!(await_death(&domain), ExitKind::Overrun, "{how:?}");
                assert_eq!(WENT_ON.load(SeqCst), went_on, "{how:?}");
            });
        }
    }

    /// Failure: F-13, F-14, F-15
    fn a_budget_counts_neither_callees_nor_calls_that_return() {
        leaves_nothing(|| {
            // Only who has one is counted at all.
            let callee = spawn(DomainSpec::new("wasteful").budget(BUDGET * 50));
            let domain = frugal();
            let proxy = domain.proxy().expect("alive");
            // Four budgets in a callee, and four in calls of its own.
            assert_eq!(proxy.delegate(callee.proxy().expect("alive"), 16), Ok(16));
            for _ in 0..16 {
                assert_eq!(proxy.rounds(1, false), Ok(1));
            }
            assert!(domain.exit_reason().is_none());
            assert_eq!(proxy.rounds(100, true), Err(RpcError::Crashed), "yields are inside");
            assert_eq!(await_death(&domain), ExitKind::Overrun);
            callee.kill();
        });
    }

    /// Failure: F-13, F-14, F-15
    fn a_budget_between_yields_begins_anew_at_each() {
        leaves_nothing(|| {
            let domain = spawn(DomainSpec::new("serves").budget_between_yields(BUDGET));
            let proxy = domain.proxy().expect("alive");
            assert_eq!(proxy.rounds(16, true), Ok(16));
            assert!(domain.exit_reason().is_none());
            assert_eq!(proxy.rounds(100, false), Err(RpcError::Crashed));
            assert_eq!(await_death(&domain), ExitKind::Overrun);
        });
    }

    /// Failure: F-13, F-14, F-15
    fn an_overrun_leaves_who_is_in_a_callee_until_it_returns() {
        leaves_nothing(|| {
            let (domain, callee) = (frugal(), plain());
            *PARTIES.lock() = Some((domain.clone(), callee.clone()));
            for flag in [&LINGERS, &MAY_RETURN] {
                flag.store(false, SeqCst);
            }
            let went_on = WENT_ON.load(SeqCst);
            let thread = start(delegate_lingering, 0);
            while !LINGERS.load(SeqCst) {
                request::yield_now();
            }
            let proxy = domain.proxy().expect("alive");
            assert_eq!(proxy.rounds(100, false), Err(RpcError::Crashed));
            assert_eq!(await_death(&domain), ExitKind::Overrun);
            request::sleep(Duration::from_millis(5));
            // What the callee may have been lent is there until it has returned.
            assert!(matches!(domain.info().state, Life::Stopping), "{:?}", domain.info());
            assert!(!thread.is_finished() && callee.exit_reason().is_none());
            MAY_RETURN.store(true, SeqCst);
            thread.join();
            assert_eq!(WENT_ON.load(SeqCst), went_on, "it was cut where its callee returned");
            *PARTIES.lock() = None;
            assert_eq!(callee.proxy().expect("alive").rounds(1, false), Ok(1));
            callee.kill();
        });
    }
}
