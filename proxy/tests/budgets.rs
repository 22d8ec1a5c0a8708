//! Time that counts against a domain's budget, and time that does not.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(
    unsafe_code,
    reason = "calls functions that trusted crates call on behalf of domains"
)]

use samara_domain_runtime::call::with_cleanup_boundary;
use samara_domain_runtime::threads::{Signal, api as own_thread};
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{Totals, alone, host, wait_until};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Worker {
    /// Returns the objects that it is given.
    fn echo(&self, objects: RRef<[RRef<u64>]>) -> Result<RRef<[RRef<u64>]>, RpcError>;
    /// Starts a thread that works without end, in rounds of `round_us` microseconds with a wait after each.
    fn serve(&self, round_us: u64) -> Result<(), RpcError>;
    /// Works for `rounds` such rounds in the call itself, with a yield after each.
    fn serve_here(&self, round_us: u64, rounds: u64) -> Result<(), RpcError>;
    /// Does the same as `serve_here`, but inside a cleanup boundary.
    fn serve_behind(&self, round_us: u64, rounds: u64) -> Result<(), RpcError>;
    /// Works for `work_us` microseconds, then waits inside a cleanup boundary for an interrupt that does not come.
    fn wait_behind(&self, work_us: u64) -> Result<(), RpcError>;
}

struct State;

static ROUNDS: AtomicU64 = AtomicU64::new(0);
static YIELDS: AtomicBool = AtomicBool::new(true);

fn round(round_us: u64) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(round_us) {
        std::hint::spin_loop();
    }
    ROUNDS.fetch_add(1, SeqCst);
    while !YIELDS.load(SeqCst) {
        std::hint::spin_loop();
    }
}

impl Worker for State {
    fn echo(&self, objects: RRef<[RRef<u64>]>) -> Result<RRef<[RRef<u64>]>, RpcError> {
        Ok(objects)
    }
    fn serve(&self, round_us: u64) -> Result<(), RpcError> {
        let serve = move || {
            loop {
                round(round_us);
                own_thread::park_timeout(Duration::from_millis(1));
            }
        };
        own_thread::spawn(serve)
            .map(drop)
            .map_err(|_| RpcError::OutOfMemory)
    }
    fn serve_here(&self, round_us: u64, rounds: u64) -> Result<(), RpcError> {
        for _ in 0..rounds {
            round(round_us);
            own_thread::yield_now();
        }
        Ok(())
    }
    fn serve_behind(&self, round_us: u64, rounds: u64) -> Result<(), RpcError> {
        // SAFETY: there is nothing for the cleanup to end.
        let (served, ()) =
            unsafe { with_cleanup_boundary(|| self.serve_here(round_us, rounds), || ()) };
        served
    }
    fn wait_behind(&self, work_us: u64) -> Result<(), RpcError> {
        static SILENT: Signal = Signal::new();
        round(work_us);
        let wait = || SILENT.wait(SILENT.count(), Duration::from_secs(60));
        // SAFETY: there is nothing for the cleanup to end.
        let (_, ()) = unsafe { with_cleanup_boundary(wait, || ()) };
        Ok(())
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn spawn(spec: DomainSpec) -> Domain<dyn Worker> {
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

fn cell(test: impl FnOnce()) {
    let _alone = alone();
    let _contained = contained(true);
    ROUNDS.store(0, SeqCst);
    YIELDS.store(true, SeqCst);
    let before = Totals::now();
    test();
    wait_until("the reclaims", || {
        host().reap();
        Totals::now() == before
    });
}

/// A callee must not die because its caller moves very many objects to it.
///
/// Invariant: LIFE-13
/// Failure: F-14
#[test]
fn moving_arguments_does_not_use_up_callees_budget() {
    cell(|| {
        let budget = Duration::from_millis(10);
        let worker = spawn(DomainSpec::new("echo").budget(budget));
        let proxy = worker.proxy().unwrap();
        let mut count = 1 << 16;
        let took = loop {
            let objects = RRef::try_from_fn(count, |at| RRef::new(at as u64)).unwrap();
            let start = Instant::now();
            // In optimised code this `catch_unwind` is in the same frame as the boundary. No cut may land in this
            // catch.
            let back = catch_unwind(AssertUnwindSafe(|| proxy.echo(objects)));
            let back = back.expect("no panic passes the call");
            let took = start.elapsed();
            assert_eq!(back.map(|back| back.len()), Ok(count), "{took:?}");
            if took > budget * 4 {
                break took;
            }
            count *= 2;
        };
        println!("{count} objects in and back took {took:?}");
        assert!(worker.kill());
    });
}

/// Failure: F-14
#[test]
fn a_budget_between_yields_begins_anew_at_each() {
    cell(|| {
        let budget = Duration::from_millis(60);
        let worker = spawn(DomainSpec::new("server").budget_between_yields(budget));
        worker.proxy().unwrap().serve(15_000).unwrap();
        // The domain works for more than four budgets, on a thread and in a call.
        wait_until("many rounds", || ROUNDS.load(SeqCst) > 16);
        assert_eq!(worker.proxy().unwrap().serve_here(15_000, 16), Ok(()));
        assert_eq!(worker.proxy().unwrap().serve_behind(15_000, 16), Ok(()));
        assert_eq!(worker.exit_reason(), None);
        YIELDS.store(false, SeqCst);
        wait_until("its death", || worker.exit_reason().is_some());
        assert_eq!(worker.exit_reason().unwrap().kind, ExitKind::Overrun);
    });
}

/// Failure: F-14
#[test]
fn a_plain_budget_does_not_begin_anew_at_yields() {
    cell(|| {
        let budget = Duration::from_millis(60);
        let worker = spawn(DomainSpec::new("no server").budget(budget));
        let proxy = worker.proxy().unwrap();
        assert_eq!(proxy.serve_here(15_000, 1000), Err(RpcError::Crashed));
        assert_eq!(worker.exit_reason().unwrap().kind, ExitKind::Overrun);
    });
}

/// A wait inside an inner boundary may take only a part of what is left of the outer call's budget, because it counts
/// against that budget too.
///
/// Invariant: ORDER-17
#[test]
fn a_wait_leaves_a_part_of_the_outer_calls_budget() {
    cell(|| {
        let waiter = spawn(DomainSpec::new("waiter").budget(Duration::from_secs(2)));
        assert_eq!(waiter.proxy().unwrap().wait_behind(1_200_000), Ok(()));
        assert_eq!(waiter.exit_reason(), None);
        assert!(waiter.kill());
    });
}
