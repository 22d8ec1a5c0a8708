//! Steps with clients of a server that is not ready. A call may wait at most one drain timeout for each generation
//! that it meets, and at most half of its client's budget. A wait must never kill the client.

mod cast;

use super::{Kind, kind, sleepers};
use crate::cuts;
use crate::runner::Machine;
use crate::settle::{Ending, await_end, wait_until};
use crate::step::Numbers;
use cast::{Client, NOWHERE, Need, Server, Task};
use samara_domain::RpcError;
use samara_domain_runtime::state::State;
use samara_domain_runtime::{Domain, DomainInfo, DomainSpec, Mint, Restart};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_testkit::hosted::Rng;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) const KINDS: &[Kind] = &[kind("wait", 1, Machine::wait)];

/// Only one in this many steps of the kind runs, because each starts several domains and threads.
const SELDOM: usize = 4;

/// The length of a turn. Time on the calling thread's clock passes only when the thread waits: each yield takes one
/// turn.
const TURN: Duration = Duration::from_micros(100);

/// A client's budget in turns, and the number of turns that one call may wait.
const BUDGET: u64 = 200;
const SHARE: u64 = BUDGET / 2;

/// The number of turns that a call may wait for locks, which the threads that stop or start the server hold.
const LOCKS: u64 = 16;

/// The turn at which all obstacles are removed. If the answer comes only then, the step fails.
const LATE: u64 = 8000;

/// The time that a wait inside a turn may take, far longer than it should.
const PATIENCE: Duration = Duration::from_secs(4);

/// Stack of the calling thread, in bytes.
const STACK: usize = 2 << 20;

/// The reason why the server cannot answer at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    /// The server is being stopped, with a call inside.
    Stops,
    /// Another thread starts the server.
    Starts,
    /// Another thread starts the server, and the server is stopped meanwhile.
    StartsAndStops,
    /// The server is dead, with a call inside.
    Drains,
    /// The server crashes at each call, and after each crash one of its threads stays in another domain for some
    /// turns.
    CrashesSlowly,
    /// The server crashes at each call.
    Crashes,
    /// The server crashes at each call, and its recipe calls another domain, which is dead and still drains.
    Needs,
}

impl Obstacle {
    /// Whether the server crashes at each call.
    const fn crashes(self) -> bool {
        matches!(self, Self::CrashesSlowly | Self::Crashes | Self::Needs)
    }
}

const OBSTACLES: [Obstacle; 7] = [
    Obstacle::Stops,
    Obstacle::Starts,
    Obstacle::StartsAndStops,
    Obstacle::Drains,
    Obstacle::CrashesSlowly,
    Obstacle::Crashes,
    Obstacle::Needs,
];

#[derive(Clone, Copy, Debug)]
struct Scene {
    obstacle: Obstacle,
    /// Whether the client calls an object that the server has opened for it.
    of_object: bool,
    has_budget: bool,
    /// The number of calls.
    times: u32,
    /// The server's drain timeout, in turns.
    drain: u64,
    /// The turn at which the server is stopped.
    stop_at: u64,
    /// For each generation, the number of turns for which a thread of it stays in another domain after the crash.
    stays: [u64; GENERATIONS],
}

const GENERATIONS: usize = 8;

impl Scene {
    fn of(n: Numbers) -> Self {
        let mut rng = Rng::new((n.domain << 16 | n.which << 8 | n.how) as u64);
        let obstacle = OBSTACLES[rng.below(OBSTACLES.len())];
        let crashes = obstacle.crashes();
        Self {
            obstacle,
            of_object: !crashes && rng.below(2) == 0,
            // Without a budget, nothing but drain timeouts and back-offs would bound the client's wait. So with these
            // obstacles it always has a budget.
            has_budget: rng.below(2) == 0
                || matches!(obstacle, Obstacle::Crashes | Obstacle::Needs),
            times: if obstacle == Obstacle::Crashes {
                100
            } else {
                1
            },
            // If the server crashes, its drain timeout is longer than any of its threads stays in the other domain.
            // So a dead generation is reclaimed before the next one starts.
            drain: [20, 150, 1000][if crashes { 2 } else { rng.below(3) }],
            stop_at: 1 + rng.below(15) as u64,
            stays: std::array::from_fn(|_| 1 + rng.below(SHARE as usize) as u64),
        }
    }

    /// Returns the most turns that the client may wait.
    fn most(&self) -> u64 {
        let share = if self.has_budget { SHARE } else { u64::MAX };
        let longest = match self.obstacle {
            // The call fails at once.
            Obstacle::Stops => 0,
            Obstacle::StartsAndStops => self.stop_at.min(self.drain),
            Obstacle::Starts | Obstacle::Drains => self.drain,
            // Each generation that the call meets adds a drain timeout, so there is no limit here.
            Obstacle::CrashesSlowly | Obstacle::Needs => u64::MAX,
            // The client makes many calls, and together they may wait for its whole budget.
            Obstacle::Crashes => return BUDGET,
        };
        share.min(longest).saturating_add(LOCKS)
    }
}

/// The running thread's clock, and the events that are planned for its turns.
#[derive(Default)]
struct Stage {
    now: Cell<u64>,
    /// The turn at which the dead generation's thread leaves the other domain, and the place where it stays.
    leaves: Cell<Option<(u64, usize)>>,
    /// The turn at which the server is stopped.
    stops: Cell<Option<u64>>,
    server: RefCell<Option<Domain<dyn Server>>>,
    stopping: RefCell<Option<JoinHandle<()>>>,
    /// The place in which a call or a start stays until the client has its answer.
    stays: Cell<Option<usize>>,
    is_late: Cell<bool>,
}

thread_local! {
    static STAGE: Stage = Stage::default();
}

/// Plans that the thread that stays in `place` leaves it after `turns` turns.
fn leave_after(turns: u64, place: usize) {
    STAGE.with(|stage| {
        let at = stage.now.get() + turns;
        stage.leaves.set(Some((at, place)));
    });
}

impl Stage {
    /// Runs the events of turn `now`.
    fn turn(&self, now: u64) {
        self.now.set(now);
        let server = self.server.borrow();
        let Some(server) = server.as_ref() else {
            return;
        };
        if let Some((at, place)) = self.leaves.get()
            && at <= now
        {
            self.leaves.set(None);
            sleepers::wake(place);
            await_that("the thread's end", || {
                ending(server).all(|dead| dead.threads == 0)
            });
        }
        if self.stops.get() == Some(now) {
            let stopped = server.clone();
            let stop = move || drop(stopped.stop(Duration::MAX));
            self.stopping.replace(Some(thread::spawn(stop)));
            await_that("the stop", || ending(server).next().is_some());
        }
        if now == LATE {
            self.is_late.set(true);
            self.stays.get().into_iter().for_each(sleepers::wake);
        }
    }
}

/// Returns the server's generations that are stopping or draining.
fn ending(server: &Domain<dyn Server>) -> impl Iterator<Item = DomainInfo> {
    let is_one = |info: &DomainInfo| matches!(info.state, State::Draining | State::Stopping);
    runtime()
        .domains()
        .filter(move |info| info.name.as_str() == server.name() && is_one(info))
}

/// Waits until `done` returns true. Does not reap, because nothing may be reaped inside a turn.
///
/// # Panics
/// If `what` does not happen in time.
fn await_that(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "{what} did not happen in time");
        thread::yield_now();
    }
}

impl Machine {
    /// Runs a step with domains of its own.
    fn wait(&mut self, n: Numbers) {
        // If other machines ran in the process, a wait for a lock could last much longer than the limits allow.
        if !self.is_alone || !n.which.is_multiple_of(SELDOM) {
            return;
        }
        let names = ["server", "client", "needed"].map(|of| format!("{}-waits-{of}", self.name));
        play(Scene::of(n), &names);
        await_end(&names);
    }
}

fn spawned<D, E: std::fmt::Display>(domain: Result<D, E>) -> D {
    domain.unwrap_or_else(|error| panic!("{error}"))
}

fn play(scene: Scene, names: &[String; 3]) {
    let restart = Restart::limited(GENERATIONS as u32, Duration::from_secs(3600));
    let needed: Domain<dyn Need> = spawned(
        runtime().spawn(
            DomainSpec::new(&names[2])
                .restart(restart)
                .drain_timeout(PATIENCE),
            cast::staying,
            Mint::nothing(),
        ),
    );
    let _needed = Ending(needed.clone());
    let place = sleepers::place();
    let starts = Arc::new(Starts::new());
    let server = server(scene, &names[0], &needed, &starts);
    let _server = Ending(server.clone());
    let of = server.clone();
    let spec = DomainSpec::new(&names[1]);
    let spec = if scene.has_budget {
        spec.budget(TURN * BUDGET as u32)
    } else {
        spec
    };
    let client: Domain<dyn Client> =
        spawned(runtime().spawn(spec, cast::asking, Mint::fallible(move || of.shadow())));
    let _client = Ending(client.clone());
    let asked = thread::scope(|scope| {
        let inside = server.proxy().unwrap_or_else(|error| panic!("{error}"));
        let await_inside = || wait_until(|| "a call inside".into(), || sleepers::is_asleep(place));
        match scene.obstacle {
            Obstacle::Stops | Obstacle::Drains => {
                scope.spawn(move || inside.stay(place));
                await_inside();
                if scene.obstacle == Obstacle::Drains {
                    server.kill();
                } else {
                    scope.spawn(|| server.stop(Duration::MAX));
                    wait_until(|| "a stop".into(), || ending(&server).next().is_some());
                }
            }
            Obstacle::Starts | Obstacle::StartsAndStops => {
                starts.next.store(place, SeqCst);
                server.kill();
                scope.spawn(|| server.restart());
                await_inside();
            }
            Obstacle::Needs => {
                let inside = needed.proxy().unwrap_or_else(|error| panic!("{error}"));
                scope.spawn(move || inside.stay(place));
                await_inside();
                needed.kill();
                starts.need.store(true, SeqCst);
            }
            Obstacle::CrashesSlowly | Obstacle::Crashes => {}
        }
        let asked = ask(scene, &server, &client, place);
        cast::wake(starts.thread.load(SeqCst));
        asked
    });
    let (answer, turns, is_late) = asked;
    assert!(
        !is_late && turns <= scene.most(),
        "the answer {answer:?} came after {turns} turns in {scene:?}"
    );
    let ended = client.exit_reason().map(|reason| reason.kind);
    assert_eq!(
        ended, None,
        "the end of a client that waited {turns} turns in {scene:?}"
    );
}

type Answer = Result<u32, RpcError>;

/// Makes the client's calls. Returns the last answer, the number of turns that the client waited, and whether the
/// answer came only after turn [`LATE`].
fn ask(
    scene: Scene,
    server: &Domain<dyn Server>,
    client: &Domain<dyn Client>,
    place: usize,
) -> (Answer, u64, bool) {
    let proxy = client.proxy().unwrap_or_else(|error| panic!("{error}"));
    let then = |turns| STAGE.with(|stage| stage.turn(turns));
    let (answered, turns) = cuts::by_turns(STACK, TURN, then, || {
        STAGE.with(|stage| {
            *stage.server.borrow_mut() = Some(server.clone());
            stage.stays.set(Some(place));
            let stops = scene.obstacle == Obstacle::StartsAndStops;
            stage.stops.set(stops.then_some(scene.stop_at));
        });
        let answer = proxy.ask(scene.of_object, scene.times);
        let end = |stage: &Stage| (stage.is_late.get(), stage.stopping.take());
        Some((answer, STAGE.with(end)))
    });
    let (answer, (is_late, stopping)) = answered.unwrap_or((Ok(0), (false, None)));
    sleepers::wake(place);
    // The thread that stops the server holds a handle on it, so it must end before the step does.
    assert!(stopping.is_none_or(|stop| stop.join().is_ok()));
    (answer, turns, is_late)
}

/// The plan for the next starts of the server.
struct Starts {
    /// The place in which the next start stays, or [`NOWHERE`].
    next: AtomicUsize,
    /// The place in which a thread of the newest generation stays, or [`NOWHERE`].
    thread: AtomicUsize,
    /// Whether the recipe calls another domain.
    need: AtomicBool,
    generations: AtomicUsize,
}

impl Starts {
    const fn new() -> Self {
        Self {
            next: AtomicUsize::new(NOWHERE),
            thread: AtomicUsize::new(NOWHERE),
            need: AtomicBool::new(false),
            generations: AtomicUsize::new(0),
        }
    }

    fn task(&self, scene: &Scene) -> Task {
        let at = self.generations.fetch_add(1, SeqCst) % GENERATIONS;
        if scene.obstacle == Obstacle::CrashesSlowly {
            self.thread.store(sleepers::place(), SeqCst);
        }
        Task {
            start: self.next.swap(NOWHERE, SeqCst),
            crashes: scene.obstacle.crashes(),
            thread: self.thread.load(SeqCst),
            turns: scene.stays[at],
        }
    }
}

fn server(
    scene: Scene,
    name: &str,
    needed: &Domain<dyn Need>,
    starts: &Arc<Starts>,
) -> Domain<dyn Server> {
    let spec = DomainSpec::new(name).drain_timeout(TURN * scene.drain as u32);
    let spec = spec.restart(if scene.obstacle == Obstacle::Crashes {
        Restart::limited(u32::MAX, TURN)
    } else {
        Restart::limited(GENERATIONS as u32, Duration::from_secs(3600))
    });
    let (needed, starts) = (needed.clone(), Arc::clone(starts));
    let shadow = needed.shadow().unwrap_or_else(|error| panic!("{error}"));
    let recipe = move || {
        if starts.need.load(SeqCst) {
            shadow.stay(NOWHERE)?;
        }
        Ok::<_, RpcError>((needed.proxy()?, starts.task(&scene)))
    };
    spawned(runtime().spawn(spec, cast::serving, Mint::fallible(recipe)))
}
