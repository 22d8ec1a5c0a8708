//! Supervisors: they own services of any interface and other supervisors, and restart what died by
//! a strategy, within one budget for all.
//!
//! A supervisor does nothing by itself: the host calls [`Supervisor::poll`] when a domain died
//! ([`wake_reaper`](crate::host::Threads::wake_reaper) tells it) or now and then. Until then, and
//! beside it, shadows recover what they need on demand; whoever comes first restarts a child, the
//! other finds it restarted. A supervisor counts restarts on demand that it finds.

use crate::domain::Domain;
use crate::error::SpawnError;
use crate::event::Event;
use crate::host;
use crate::interface::Interface;
use crate::restart_budget::Budget;
use crate::service::{Child, Health, Supervised};
use crate::spec::Restart;
use crate::text::Text;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// Which children are restarted when one died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Only that one.
    OneForOne,
    /// All, since they hold handles on each other: ended in reverse order, started in order.
    OneForAll,
}

/// What a poll came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All children run, or were stopped by the host.
    Settled,
    /// A child is dead and could not be restarted now: somebody else is at it, there is no slot, or
    /// its recipe failed. Poll again, within a second: so long nobody else is let in who came later.
    Waiting,
    /// The budget is used up: all children were ended. Only a supervisor above starts them again.
    GaveUp,
}

/// A restart of all that could not go on: all were ended, once.
#[derive(Clone, Copy, Debug)]
struct Unfinished {
    /// The children from here on are still to be started.
    from: usize,
    /// Whether it counts in the budget already.
    is_spent: bool,
}

/// Restarts its children by a strategy, within a budget. Starts nothing that is not dead: spawn
/// domains first, then take them [`with`](Self::with) it.
pub struct Supervisor {
    name: Text<32>,
    strategy: Strategy,
    policy: Restart,
    budget: Budget,
    gave_up: bool,
    unfinished: Option<Unfinished>,
    children: Vec<Box<dyn Child>>,
}

impl Supervisor {
    /// A supervisor without children, called `name` (cut to 32 bytes), that grants `policy` restarts
    /// to all of them together. The policies of the domains' own specs hold for shadows and for the
    /// host's restarts, not for a supervisor's.
    #[must_use]
    pub fn new(name: &str, strategy: Strategy, policy: Restart) -> Self {
        Self {
            name: Text::of(name),
            strategy,
            policy,
            budget: Budget::new(policy),
            gave_up: false,
            unfinished: None,
            children: Vec::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Takes a domain under its care. A later child may hold handles on an earlier one.
    #[must_use]
    pub fn with<I: ?Sized + Interface>(mut self, domain: &Domain<I>) -> Self {
        let service = domain.service().clone();
        self.children.push(Box::new(Supervised::new(service)));
        self
    }

    /// Takes a supervisor under its care: it is down when it gave up, and starting it starts all of
    /// its children, with a fresh budget.
    #[must_use]
    pub fn with_supervisor(mut self, supervisor: Self) -> Self {
        self.children.push(Box::new(supervisor));
        self
    }

    /// Restarts what died since the last poll. Waits, bounded by the specs' drain timeouts, for
    /// calls inside dead children; runs the `init` of those that it starts.
    pub fn poll(&mut self) -> Status {
        loop {
            if self.gave_up {
                // Another supervisor may have started one since.
                for child in self.children.iter_mut().rev() {
                    if matches!(child.health(), Health::Up | Health::Replaced) {
                        child.kill();
                    }
                }
                return Status::GaveUp;
            }
            let mut waits = false;
            let mut failed = false;
            for at in 0..self.children.len() {
                // It was ended: what was to be started from there on is, whatever has become of it since.
                let is_next = self.unfinished.is_some_and(|rest| rest.from == at);
                let child = &mut self.children[at];
                if !is_next {
                    if child.poll() == Status::Waiting {
                        waits = true;
                        if self.unfinished.is_some() {
                            // Those that are still to be started may hold handles on what it waits for.
                            break;
                        }
                        continue;
                    }
                    if !matches!(child.health(), Health::Down | Health::Replaced) {
                        continue;
                    }
                }
                match self.mend(at) {
                    Ok(()) => {}
                    Err(RestartError::Busy) => waits = true,
                    Err(RestartError::InitFailed) => failed = true,
                    Err(RestartError::OverBudget) => {
                        self.end_all();
                        return Status::GaveUp;
                    }
                }
                if self.strategy == Strategy::OneForAll {
                    break;
                }
            }
            // A start that failed is a crash like any other: the budget ends the loop.
            if !failed {
                return if waits {
                    Status::Waiting
                } else {
                    Status::Settled
                };
            }
        }
    }

    /// Restarts child `at`, which died, or all; or goes on with a restart of all that had come to it.
    fn mend(&mut self, at: usize) -> Result<(), RestartError> {
        let rest = self.unfinished.filter(|rest| rest.from == at);
        let (first, end) = match self.strategy {
            Strategy::OneForOne => (at, at + 1),
            Strategy::OneForAll => (rest.map_or(0, |rest| rest.from), self.children.len()),
        };
        let group = Reserved::all(&mut self.children[first..end]).ok_or(RestartError::Busy)?;
        let alone = group.0.len() == 1;
        let is_spent = rest.is_some_and(|rest| rest.is_spent);
        let child = &mut group.0[at - first];
        let health = child.health();
        // Between the look and the reservation it may have been stopped, or restarted and counted.
        if rest.is_none() && matches!(health, Health::Up | Health::Stopped) {
            return Ok(());
        }
        if !is_spent && !self.budget.spend(host::now_ns()) {
            return Err(RestartError::OverBudget);
        }
        if health == Health::Replaced && alone {
            child.acknowledge();
            self.unfinished = None;
            return Ok(());
        }
        if rest.is_none() {
            // What runs is ended only if nothing is in the way of a restart, and once for each.
            if make_way(group.0).is_err() {
                drop(group);
                self.budget.give_back();
                return Err(RestartError::Busy);
            }
            for child in group.0.iter_mut().rev() {
                child.kill();
            }
        }
        // Somebody else has started it since it was ended: it holds nothing of what was before.
        let is_started = rest.is_some() && health == Health::Replaced;
        if is_started {
            let child = &mut group.0[0];
            child.acknowledge();
            child.release();
        }
        let before = usize::from(is_started);
        self.unfinished = None;
        let Err((started, error)) = start_all(&mut group.0[before..]) else {
            return Ok(());
        };
        let started = before + started;
        if matches!(error, SpawnError::Init(_)) {
            return Err(RestartError::InitFailed);
        }
        drop(group);
        let is_spent = is_spent || started > 0;
        if !is_spent {
            self.budget.give_back();
        }
        self.leave_from(first + started, is_spent);
        Err(RestartError::Busy)
    }

    /// Notes how far a restart of all got.
    fn leave_from(&mut self, from: usize, is_spent: bool) {
        if self.strategy == Strategy::OneForAll && from < self.children.len() {
            self.unfinished = Some(Unfinished { from, is_spent });
        }
    }

    /// Ends all children, last first.
    fn end_all(&mut self) {
        self.gave_up = true;
        for child in self.children.iter_mut().rev() {
            // Somebody else may be restarting it: what he starts finds the mark, or is found here.
            let _ = child.reserve();
            child.give_up();
            child.kill();
            child.release();
        }
        host::event(&Event::GaveUp { name: self.name() });
    }
}

/// What can be had before any is ended.
fn make_way(children: &mut [Box<dyn Child>]) -> Result<(), SpawnError> {
    children.iter_mut().try_for_each(|child| child.make_way())
}

/// Reserves all, or none, and is next in turn where it could not. From the last to the first: a start may ask for an
/// earlier child, so whoever holds one and waits for another goes the same way.
fn reserve_all(children: &mut [Box<dyn Child>]) -> bool {
    let all = children.iter_mut().rev().all(|child| child.reserve());
    if !all {
        for child in children {
            child.step_back();
        }
    }
    all
}

/// Starts all, in order. How many were started before one that was not, and why that was not.
fn start_all(children: &mut [Box<dyn Child>]) -> Result<(), (usize, SpawnError)> {
    for (at, child) in children.iter_mut().enumerate() {
        // Somebody else may have started it since all were ended.
        child.kill();
        if let Err(error) = child.start() {
            // A supervisor is up all the same, and goes on with what it could not start.
            let is_started = child.health() == Health::Up;
            return Err((at + usize::from(is_started), error));
        }
        // What the next one's `init` calls must not be found reserved by its own thread.
        child.release();
    }
    Ok(())
}

enum RestartError {
    /// Not now.
    Busy,
    InitFailed,
    OverBudget,
}

/// Children that are all reserved; released when dropped.
struct Reserved<'a>(&'a mut [Box<dyn Child>]);

impl<'a> Reserved<'a> {
    fn all(children: &'a mut [Box<dyn Child>]) -> Option<Self> {
        reserve_all(children).then(|| Self(children))
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        for child in self.0.iter_mut() {
            child.release();
        }
    }
}

impl Child for Supervisor {
    fn poll(&mut self) -> Status {
        Self::poll(self)
    }

    fn health(&self) -> Health {
        if self.gave_up {
            Health::Down
        } else {
            Health::Up
        }
    }

    fn acknowledge(&mut self) {}

    fn reserve(&mut self) -> bool {
        reserve_all(&mut self.children)
    }

    fn step_back(&mut self) {
        for child in &mut self.children {
            child.step_back();
        }
    }

    fn release(&mut self) {
        for child in &mut self.children {
            child.release();
        }
    }

    fn make_way(&mut self) -> Result<(), SpawnError> {
        make_way(&mut self.children)
    }

    fn kill(&mut self) {
        for child in self.children.iter_mut().rev() {
            child.kill();
        }
    }

    fn start(&mut self) -> Result<(), SpawnError> {
        self.budget = Budget::new(self.policy);
        self.gave_up = false;
        self.unfinished = None;
        start_all(&mut self.children).map_err(|(started, error)| {
            if !matches!(error, SpawnError::Init(_)) {
                // Whoever is above has spent it.
                self.leave_from(started, true);
            }
            error
        })
    }

    fn give_up(&mut self) {
        self.gave_up = true;
        for child in &mut self.children {
            child.give_up();
        }
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("name", &self.name)
            .field("strategy", &self.strategy)
            .field("children", &self.children.len())
            .field("gave_up", &self.gave_up)
            .finish_non_exhaustive()
    }
}
