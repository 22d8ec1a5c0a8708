//! Steps with dead generations that cannot be reclaimed yet, because their threads are inside a callee. Until they
//! are reclaimed, the threads of all generations of a name count against one limit.

use super::{Kind, kind, sleepers};
use crate::runner::Machine;
use crate::settle::{Ending, await_end, wait_until};
use crate::step::Numbers;
use samara_domain::{Exchangeable, Proxy, RpcError, interface, thread};
use samara_domain_runtime::{Domain, DomainInfo, DomainSpec, Mint, Restart, SpawnError};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_testkit::hosted::as_host;
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) const KINDS: &[Kind] = &[kind("lag behind", 1, Machine::lag_behind)];

/// Only one in this many steps of the kind runs, because each waits for several drain timeouts.
const SELDOM: usize = 8;

/// The number of generations that a name may have: those that are dead and still drain, and the newest one.
const GENERATIONS: usize = 9;

/// Restarts in a step.
const STARTS: u32 = 12;

/// The thread limits that a step chooses from: one that is too low for all generations of a name, and one that is
/// high enough.
const THREADS: [u32; 2] = [2, 16];

#[interface]
trait Callee {
    fn stay(&self, place: usize) -> Result<(), RpcError>;
}

struct Staying;

impl Callee for Staying {
    fn stay(&self, place: usize) -> Result<(), RpcError> {
        sleepers::sleep(place);
        Ok(())
    }
}

fn staying((): ()) -> Result<Staying, RpcError> {
    Ok(Staying)
}

#[interface]
trait Caller {
    #[replay]
    fn set(&self) -> Result<(), RpcError>;
    /// Spawns threads until the limit refuses one, ends them, and returns their number.
    fn more_threads(&self) -> Result<u32, RpcError>;
}

/// How a generation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Killed,
    /// Its `init` fails.
    FailsToStart,
    /// The host kills it while a recorded call is replayed.
    KilledInReplay,
}

/// The arguments of one generation of the caller: the place where its thread stays in the callee, and whether its
/// `init` then fails.
#[derive(Clone, Copy, Debug, Exchangeable)]
struct Task {
    place: usize,
    fails: bool,
}

thread_local! {
    /// The hook that runs as the host while a recorded call is replayed.
    static IN_REPLAY: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

struct Calling;

impl Caller for Calling {
    fn set(&self) -> Result<(), RpcError> {
        if let Some(hook) = IN_REPLAY.take() {
            as_host(hook);
        }
        Ok(())
    }
    fn more_threads(&self) -> Result<u32, RpcError> {
        let over = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        loop {
            let is_over = Arc::clone(&over);
            let parked = thread::spawn(move || {
                while !is_over.load(SeqCst) {
                    thread::park_timeout(Duration::from_micros(100));
                }
            });
            let Ok(thread) = parked else { break };
            threads.push(thread);
        }
        over.store(true, SeqCst);
        let count = threads.len();
        threads.into_iter().for_each(thread::Thread::join);
        Ok(count as u32)
    }
}

fn calling((callee, task): (Proxy<dyn Callee>, Task)) -> Result<Calling, RpcError> {
    let stay = move || {
        let _ = callee.stay(task.place);
    };
    thread::spawn(stay).map_err(|_| RpcError::OutOfMemory)?;
    while !sleepers::is_asleep(task.place) {
        thread::yield_now();
    }
    if task.fails {
        return Err(RpcError::Dead);
    }
    Ok(Calling)
}

/// A domain of which every generation has a thread inside another domain, the callee.
struct Laggard {
    domain: Domain<dyn Caller>,
    name: String,
    fails: Arc<AtomicBool>,
    places: Arc<Mutex<Vec<usize>>>,
    _endings: (Ending<dyn Caller>, Ending<dyn Callee>),
}

impl Laggard {
    fn new(names: &[String; 2], threads: u32) -> Self {
        let restart = Restart::limited(u32::MAX, Duration::from_secs(3600));
        let spec = DomainSpec::new(&names[1]).restart(restart);
        let callee: Domain<dyn Callee> = runtime()
            .spawn(spec, staying, Mint::nothing())
            .unwrap_or_else(|error| panic!("{error}"));
        let spec = DomainSpec::new(&names[0])
            .restart(restart)
            .threads(threads)
            .drain_timeout(Duration::from_millis(2));
        let fails = Arc::new(AtomicBool::new(false));
        let places = Arc::new(Mutex::new(Vec::new()));
        let (of, is_failing, used) = (callee.clone(), Arc::clone(&fails), Arc::clone(&places));
        let recipe = Mint::fallible(move || {
            let place = sleepers::place();
            used.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(place);
            let fails = is_failing.load(SeqCst);
            Ok::<_, RpcError>((of.proxy()?, Task { place, fails }))
        });
        let domain: Domain<dyn Caller> = runtime()
            .spawn(spec, calling, recipe)
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            _endings: (Ending(domain.clone()), Ending(callee)),
            domain,
            name: names[0].clone(),
            fails,
            places,
        }
    }

    /// Returns all generations of the domain, dead and alive.
    fn generations(&self) -> Vec<DomainInfo> {
        let all = runtime().domains();
        all.filter(|info| info.name.as_str() == self.name).collect()
    }

    /// Makes the calls that stay inside the callee return.
    fn wake(&self) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.iter().copied().for_each(sleepers::wake);
    }

    fn caller(&self) -> Proxy<dyn Caller> {
        self.domain
            .proxy()
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Ends [`STARTS`] generations, one after the other, in the given way. Each has a thread inside the callee when
    /// it ends.
    fn lag(&self, way: Way, threads: u32) {
        let shadow = self
            .domain
            .shadow()
            .unwrap_or_else(|error| panic!("{error}"));
        if way == Way::KilledInReplay {
            assert_eq!(shadow.set(), Ok(()));
        }
        self.fails.store(way == Way::FailsToStart, SeqCst);
        for _ in 0..STARTS {
            self.domain.kill();
            if way == Way::KilledInReplay {
                let killed = self.domain.clone();
                IN_REPLAY.set(Some(Box::new(move || {
                    killed.kill();
                })));
            }
            let started = self.domain.restart();
            IN_REPLAY.take();
            let all = self.generations();
            let has: u32 = all.iter().map(|one| one.threads).sum();
            assert!(
                has <= threads,
                "{has} threads exceed the limit after ends of kind {way:?}: {all:?}"
            );
            assert!(
                all.len() <= GENERATIONS,
                "too many generations after ends of kind {way:?}: {all:?}"
            );
            let fails = way == Way::FailsToStart || has == threads;
            if started == Err(SpawnError::StillDraining) && !fails {
                // If the limit leaves room for a thread, only the number of generations may have prevented the start.
                assert!(
                    all.len() + 1 >= GENERATIONS,
                    "a start was refused with few generations, after ends of kind {way:?}: {all:?}"
                );
            }
        }
        self.fails.store(false, SeqCst);
    }
}

impl Machine {
    /// Runs a step with new domains. The machine's own domains take no part in it.
    fn lag_behind(&mut self, n: Numbers) {
        if !n.which.is_multiple_of(SELDOM) {
            return;
        }
        let threads = THREADS[n.how % 2];
        let way = [Way::Killed, Way::FailsToStart, Way::KilledInReplay][n.how / 2 % 3];
        let names = ["laggard", "callee"].map(|of| format!("{}-{of}", self.name));
        {
            let laggard = Laggard::new(&names, threads);
            laggard.lag(way, threads);
            // After all threads have returned, the next generation must get all threads that its spec grants.
            laggard.domain.kill();
            wait_until(
                || format!("the end of {:?}", laggard.generations()),
                || {
                    laggard.wake();
                    laggard.generations().is_empty()
                },
            );
            let started = laggard.domain.restart();
            started.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(laggard.caller().more_threads(), Ok(threads - 1));
            laggard.wake();
        }
        await_end(&names);
    }
}
