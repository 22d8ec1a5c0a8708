//! Tests which time counts against a domain's budget, and that a budget ends waits that would never end.

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
/// The time of one round of work.
const ROUND: Duration = Duration::from_millis(5);

/// A wait that never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
enum Wait {
    /// Parks in the call, again and again.
    Park,
    Yield,
    /// A thread of the domain's own parks. The call does not wait for that thread.
    ParkOnThread,
    /// Joins a thread that parks for ever.
    Join,
}

/// A domain that has a budget.
#[interface]
trait Worker {
    fn wait(&self, how: Wait) -> Result<(), RpcError>;
    /// Works for `count` rounds. If `yields` is true, yields after each round.
    fn rounds(&self, count: u32, yields: bool) -> Result<u32, RpcError>;
    /// Lets `other` work for `rounds` rounds, and then works for one round itself.
    fn delegate(&self, other: Proxy<dyn Worker>, rounds: u32) -> Result<u32, RpcError>;
    /// Spins until [`MAY_RETURN`] is set.
    fn linger(&self) -> Result<(), RpcError>;
    /// Lets `other` linger.
    fn delegate_lingering(&self, other: Proxy<dyn Worker>) -> Result<(), RpcError>;
}

struct State;

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

static LINGERS: AtomicBool = AtomicBool::new(false);
static MAY_RETURN: AtomicBool = AtomicBool::new(false);
/// Counts threads that ran on inside their domain after a point where they should have been cut.
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
        // Ticks occur during this round. If the callee's time counted, one of them would end the domain.
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
            "the domain is still alive after 10 s"
        );
        request::sleep(Duration::from_millis(1));
    }
    domain.exit_reason().expect("it died").kind
}

/// The domain that overruns, and the domain that it calls.
type Parties = (Domain<dyn Worker>, Domain<dyn Worker>);

static PARTIES: Mutex<Option<Parties>> = Mutex::new(None);

fn delegate_lingering(_: usize) {
    let (caller, callee) = PARTIES.lock().clone().expect("both");
    let callee = callee.proxy().expect("alive");
    let ended = caller.proxy().expect("alive").delegate_lingering(callee);
    assert_eq!(ended, Err(RpcError::Crashed));
}

kernel_tests! {
    /// Failure: F-13
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

    /// Failure: F-14
    fn budget_excludes_callees_and_returned_calls() {
        leaves_nothing(|| {
            // Time is counted only for a domain that has a budget, so the callee gets a large one.
            let callee = spawn(DomainSpec::new("wasteful").budget(BUDGET * 50));
            let domain = frugal();
            let proxy = domain.proxy().expect("alive");
            // The callee works for the time of four budgets. Then calls that return take the time of four budgets
            // together.
            assert_eq!(proxy.delegate(callee.proxy().expect("alive"), 16), Ok(16));
            for _ in 0..16 {
                assert_eq!(proxy.rounds(1, false), Ok(1));
            }
            assert!(domain.exit_reason().is_none());
            assert_eq!(proxy.rounds(100, true), Err(RpcError::Crashed), "time between yields counts");
            assert_eq!(await_death(&domain), ExitKind::Overrun);
            callee.kill();
        });
    }

    /// Failure: F-14
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

    /// Failure: F-15
    fn overrun_waits_for_a_thread_in_a_callee() {
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
            // The domain's memory stays until the callee has returned, since the domain may have lent memory to the
            // callee.
            assert!(matches!(domain.info().state, Life::Stopping), "{:?}", domain.info());
            assert!(!thread.is_finished() && callee.exit_reason().is_none());
            MAY_RETURN.store(true, SeqCst);
            thread.join();
            assert_eq!(WENT_ON.load(SeqCst), went_on, "the caller was cut when its callee returned");
            *PARTIES.lock() = None;
            assert_eq!(callee.proxy().expect("alive").rounds(1, false), Ok(1));
            callee.kill();
        });
    }
}
