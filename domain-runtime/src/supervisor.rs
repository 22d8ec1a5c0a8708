//! Supervisors: they own services of any interface and other supervisors, and restart what died by
//! a strategy, within one budget for all.
//!
//! A supervisor does nothing by itself: the host calls [`Supervisor::poll`] when a domain died
//! ([`wake_reaper`](crate::host::Threads::wake_reaper) tells it) or now and then. Until then, and
//! beside it, shadows recover what they need on demand; whoever comes first restarts a child, the
//! other finds it restarted. A supervisor counts restarts on demand that it finds.

use crate::budget::Budget;
use crate::domain::Domain;
use crate::error::SpawnError;
use crate::event::Event;
use crate::host;
use crate::interface::Interface;
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
    /// its recipe failed. Poll again.
    Waiting,
    /// The budget is used up: all children were ended. Only a supervisor above starts them again.
    GaveUp,
}

/// Restarts its children by a strategy, within a budget. Starts nothing that is not dead: spawn
/// domains first, then take them [`with`](Self::with) it.
pub struct Supervisor {
    name: Text<32>,
    strategy: Strategy,
    policy: Restart,
    budget: Budget,
    gave_up: bool,
    /// Of a restart of all that was spent already: children from here on are still to be started. 0 if there is none.
    ended_from: usize,
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
            ended_from: 0,
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
                let child = &mut self.children[at];
                if child.poll() == Status::Waiting {
                    waits = true;
                    if self.ended_from > 0 {
                        // Those that are still to be started may hold handles on what it waits for.
                        break;
                    }
                    continue;
                }
                if !matches!(child.health(), Health::Down | Health::Replaced) {
                    continue;
                }
                match self.mend(at) {
                    Ok(()) => {}
                    Err(Mending::Busy) => waits = true,
                    Err(Mending::InitFailed) => failed = true,
                    Err(Mending::OverBudget) => {
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

    /// Restarts child `at`, which died, or all, or those of a restart of all that are still to be started.
    fn mend(&mut self, at: usize) -> Result<(), Mending> {
        let first = match self.strategy {
            Strategy::OneForOne => at,
            Strategy::OneForAll if at < self.ended_from => 0,
            Strategy::OneForAll => self.ended_from,
        };
        let end = match self.strategy {
            Strategy::OneForOne => at + 1,
            Strategy::OneForAll => self.children.len(),
        };
        let group = Reserved::all(&mut self.children[first..end]).ok_or(Mending::Busy)?;
        let alone = group.0.len() == 1;
        let is_spent = self.ended_from > 0 && first == self.ended_from;
        let child = &mut group.0[at - first];
        let health = child.health();
        // Between the look and the reservation it may have been stopped, or restarted and counted.
        if matches!(health, Health::Up | Health::Stopped) {
            return Ok(());
        }
        if !is_spent && !self.budget.spend(host::now_ns()) {
            return Err(Mending::OverBudget);
        }
        self.ended_from = 0;
        if health == Health::Replaced && alone {
            child.acknowledge();
            return Ok(());
        }
        if !is_spent {
            for child in group.0.iter_mut().rev() {
                child.kill();
            }
        }
        let Err((started, error)) = start_all(group.0) else {
            return Ok(());
        };
        if matches!(error, SpawnError::Init(_)) {
            return Err(Mending::InitFailed);
        }
        drop(group);
        if started == 0 && !is_spent {
            // No restart was spent.
            self.budget.give_back();
        } else {
            self.leave_from(first + started);
        }
        Err(Mending::Busy)
    }

    /// Notes how far a restart of all got.
    fn leave_from(&mut self, next: usize) {
        if self.strategy == Strategy::OneForAll && next < self.children.len() {
            self.ended_from = next;
        }
    }

    /// Ends all children, last first.
    fn end_all(&mut self) {
        self.gave_up = true;
        for child in self.children.iter_mut().rev() {
            // Somebody else may be restarting it: what he starts finds the mark, or is found here.
            let reserved = child.reserve();
            child.give_up();
            child.kill();
            if reserved {
                child.release();
            }
        }
        host::event(&Event::GaveUp { name: self.name() });
    }
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

enum Mending {
    /// Not now.
    Busy,
    InitFailed,
    OverBudget,
}

/// Children that are all reserved; released when dropped.
struct Reserved<'a>(&'a mut [Box<dyn Child>]);

impl<'a> Reserved<'a> {
    fn all(children: &'a mut [Box<dyn Child>]) -> Option<Self> {
        let this = Self(children);
        // Stops at the first that is another's; dropping releases the rest.
        this.0
            .iter_mut()
            .all(|child| child.reserve())
            .then_some(())?;
        Some(this)
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
        let all = self.children.iter_mut().all(|child| child.reserve());
        if !all {
            self.release();
        }
        all
    }

    fn release(&mut self) {
        for child in &mut self.children {
            child.release();
        }
    }

    fn kill(&mut self) {
        for child in self.children.iter_mut().rev() {
            child.kill();
        }
    }

    fn start(&mut self) -> Result<(), SpawnError> {
        self.budget = Budget::new(self.policy);
        self.gave_up = false;
        self.ended_from = 0;
        start_all(&mut self.children).map_err(|(started, error)| {
            if !matches!(error, SpawnError::Init(_)) {
                self.leave_from(started);
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
