//! Steps that begin and end generations: kills, restarts, stops, failing recipes and failing `init`s.

use super::{Kind, kind};
use crate::node::{self, Start};
use crate::runner::Machine;
use crate::step::Numbers;
use samara_domain_runtime::{ExitKind, Mint, SpawnError};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::panic;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::time::Duration;

pub(crate) const KINDS: &[Kind] = &[
    kind("kill", 2, Machine::kill),
    kind("restart", 6, Machine::restart),
    kind("stop", 2, Machine::stop),
    kind("trim", 1, |_, _| samara_shared_heap::heap::trim()),
];

/// An order for the next start of a domain: whether and how the start fails. It holds for one start; the start after
/// it succeeds.
#[derive(Debug)]
pub(crate) struct Orders(AtomicU8);

/// A value that a recipe captures, and whose destructor panics. It is dropped with the last handle on the service.
struct Fuse;

impl Drop for Fuse {
    fn drop(&mut self) {
        // `resume_unwind` panics without a call of the host's panic hook, which would print the panic.
        panic::resume_unwind(Box::new("asked to"));
    }
}

const WELL: u8 = 0;
const MINT_FAILS: u8 = 1;
const MINT_PANICS: u8 = 2;
const INIT_KILLED: u8 = 7;
const ORDERS: [Start; 8] = [
    Start::Well,
    Start::Well,
    Start::Well,
    Start::Fails,
    Start::FailsLate,
    Start::Panics,
    Start::FailsSpeechless,
    Start::Killed,
];

/// The orders with which the start fails in `init`, except [`INIT_KILLED`].
const FAILING: Range<u8> = 3..7;

thread_local! {
    /// A hook that the next recipe on this thread runs, as an action of the host.
    static IN_RECIPE: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// Sets the hook that the next recipe on this thread runs.
pub(crate) fn in_recipe(hook: impl FnOnce() + 'static) {
    IN_RECIPE.set(Some(Box::new(hook)));
}

impl Orders {
    pub(crate) const fn new() -> Self {
        Self(AtomicU8::new(WELL))
    }

    /// Makes the next recipe fail.
    pub(crate) fn fail_once(&self) {
        self.0.store(MINT_FAILS, SeqCst);
    }

    /// Makes the next `init` run the hook of [`node::in_init`].
    pub(crate) fn kill_in_init(&self) {
        self.0.store(INIT_KILLED, SeqCst);
    }

    /// Returns the recipe that follows these orders.
    pub(crate) fn mint(orders: &Arc<Self>) -> Mint<Start> {
        let (orders, fuse) = (Arc::clone(orders), Fuse);
        Mint::fallible(move || {
            let _ = &fuse;
            if let Some(hook) = IN_RECIPE.take() {
                hook();
            }
            match orders.0.swap(WELL, SeqCst) {
                MINT_FAILS => Err("asked to fail"),
                MINT_PANICS => panic::resume_unwind(Box::new("asked to")),
                order => Ok(ORDERS[usize::from(order)]),
            }
        })
    }
}

impl Machine {
    pub(crate) fn kill(&mut self, n: Numbers) {
        assert_eq!(self.domains[n.domain].kill(), self.alive(n.domain));
        self.model.die(n.domain, ExitKind::Killed);
    }

    /// Restarts a domain. In half of the steps an order may make the first start fail.
    fn restart(&mut self, n: Numbers) {
        let order = (n.how % 16) as u8;
        let order = if usize::from(order) < ORDERS.len() {
            order
        } else {
            WELL
        };
        self.orders[n.domain].0.store(order, SeqCst);
        let killed = self.domains[n.domain].clone();
        let was_killed = Rc::new(Cell::new(order != INIT_KILLED));
        let tell = Rc::clone(&was_killed);
        node::in_init(move || tell.set(killed.kill()));
        let before = self.domains[n.domain].restarts();
        self.model.die(n.domain, ExitKind::Killed);
        let started = self.domains[n.domain].restart();
        // If a start fails in `init`, the runtime starts the domain once more, unless that start needs resources that
        // an old generation still holds. In that case the runtime reports `StillDraining`.
        let lingers =
            self.model.nodes[n.domain].lingers && started == Err(SpawnError::StillDraining);
        let restarts = match order {
            MINT_FAILS | MINT_PANICS => {
                let is_mint = matches!(started, Err(SpawnError::Mint(_)));
                assert!(
                    is_mint || lingers,
                    "a recipe that failed led to {started:?}"
                );
                1
            }
            order if lingers && FAILING.contains(&order) => 1,
            order => {
                started.unwrap_or_else(|error| panic!("{error}"));
                1 + u32::from(order > MINT_PANICS) + self.model.born(n.domain)
            }
        };
        // A start that failed in `init` may leave a thread that has not yet noticed its domain's death.
        self.model.nodes[n.domain].lingers |= order > MINT_PANICS;
        assert!(
            was_killed.get(),
            "a kill did not reach a domain in its `init`"
        );
        assert_eq!(self.domains[n.domain].restarts() - before, restarts);
    }

    /// Stops a domain orderly, and starts another service in its place.
    fn stop(&mut self, n: Numbers) {
        self.stop_orderly(n.domain);
        self.spawn_anew(n.domain);
    }

    pub(crate) fn stop_orderly(&mut self, domain: usize) {
        let node = &self.model.nodes[domain];
        let (has_threads, stubborn) = (!node.threads.is_empty(), node.stubborn > 0);
        let deadline = Duration::from_millis(if stubborn { 1 } else { 10_000 });
        let stopped = self.domains[domain].stop(deadline);
        if stubborn {
            assert_eq!(stopped, Err(SpawnError::StillDraining));
        } else {
            assert_eq!(
                stopped,
                Ok(()),
                "a stop failed; whether the domain had threads: {has_threads}"
            );
        }
        self.model.die(domain, ExitKind::Stopped);
    }

    /// Starts another service in the place of one that was stopped or given up.
    pub(crate) fn spawn_anew(&mut self, at: usize) {
        let domain = self.spawn(at, &self.orders[at]);
        self.domains[at] = domain;
        let node = &mut self.model.nodes[at];
        node.service += 1;
        node.journal.clear();
        node.given_up.clear();
        self.model.born(at);
    }
}
