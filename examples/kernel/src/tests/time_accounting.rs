//! A thread is charged for the time that it has run, wherever in its turn the tick comes.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use samara::runtime::threads::api as domain_thread;

use super::kernel_tests;
use super::threads::start;
use super::totals::leaves_nothing;
use crate::host::runtime;
use crate::thread::request;
use crate::thread::tick;
use crate::time;

const BUDGET: Duration = Duration::from_millis(20);
/// The time for which a thread runs before it leaves the CPU ahead of the tick.
const MOST_OF_A_TURN: Duration = Duration::from_micros(700);

#[interface]
trait Worker {
    /// Runs for most of a turn and then yields, `times` times.
    fn leave(&self, times: u32) -> Result<u32, RpcError>;
    /// Computes a fixed number of steps, however long they take.
    fn compute(&self, steps: u32) -> Result<u32, RpcError>;
}
struct State;
impl Worker for State {
    fn leave(&self, times: u32) -> Result<u32, RpcError> {
        for _ in 0..times {
            run_for(MOST_OF_A_TURN);
            TURNS.fetch_add(1, SeqCst);
            domain_thread::yield_now();
        }
        Ok(times)
    }
    fn compute(&self, steps: u32) -> Result<u32, RpcError> {
        let mix = |x: u32, at| core::hint::black_box(x.wrapping_mul(3).wrapping_add(at));
        Ok((0..steps).fold(1, mix))
    }
}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn run_for(time: Duration) {
    let began = time::since_boot();
    while time::since_boot() - began < time {
        core::hint::spin_loop();
    }
}

static TURNS: AtomicU32 = AtomicU32::new(0);
static STOP: AtomicBool = AtomicBool::new(false);

/// Shares the CPU: runs for `us` microseconds in each of its turns, or for whole turns if `us` is 0.
fn share(us: usize) {
    while !STOP.load(SeqCst) {
        run_for(Duration::from_micros(us as u64));
        if us != 0 {
            request::yield_now();
        }
    }
}

/// Runs `act` with a domain that has a budget. `act` calls its first argument to start a thread that runs [`share`].
/// Returns the result of `act`, and the exit kind if the domain has died.
fn beside<R>(us: usize, act: impl Fn(&dyn Fn(), &Proxy<dyn Worker>) -> R) -> (R, Option<ExitKind>) {
    let seen = Cell::new(None);
    leaves_nothing(|| {
        let spec = DomainSpec::new("turns").budget(BUDGET);
        let domain = runtime()
            .spawn(spec, init, Mint::nothing())
            .expect("a domain");
        STOP.store(false, SeqCst);
        let other = Cell::new(None);
        let begin = || other.set(Some(start(share, us)));
        let got = act(&begin, &domain.proxy().expect("alive"));
        STOP.store(true, SeqCst);
        if let Some(other) = other.take() {
            other.join();
        }
        seen.set(Some((got, domain.exit_reason().map(|at| at.kind))));
        domain.kill();
    });
    seen.into_inner().expect("it ran")
}

kernel_tests! {
    fn leaving_before_each_tick_uses_up_the_budget() {
        let (got, end) = beside(0, |begin, proxy| {
            TURNS.store(0, SeqCst);
            begin();
            proxy.leave(1000)
        });
        assert_eq!((got, end), (Err(RpcError::Crashed), Some(ExitKind::Overrun)));
        let most = BUDGET.as_micros() / MOST_OF_A_TURN.as_micros() + 1;
        let turns = TURNS.load(SeqCst);
        assert!(u128::from(turns) <= most, "{turns} turns of {most}");
    }

    /// Invariant: ORDER-19
    fn a_thread_pays_only_for_its_own_time_at_a_tick() {
        /// A part of its budget.
        const WORK: Duration = Duration::from_millis(8);
        const SAMPLE: u32 = 100_000;
        let most = tick::default_period().as_micros() as usize * 3 / 4;
        let (got, end) = beside(most, |begin, proxy| {
            let alone = (0..10).map(|_| {
                let began = time::since_boot();
                assert!(proxy.compute(SAMPLE).is_ok());
                time::since_boot() - began
            });
            let alone = alone.min().expect("ten").as_nanos();
            let steps = u128::from(SAMPLE) * WORK.as_nanos() / alone;
            begin();
            (0..3).try_for_each(|_| proxy.compute(steps as u32).map(drop))
        });
        assert_eq!((got, end), (Ok(()), None));
    }
}
