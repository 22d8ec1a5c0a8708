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
                // Whoever was restarting one at that moment may have finished since.
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
                self.children[at].poll();
                if !matches!(self.children[at].health(), Health::Down | Health::Replaced) {
                    continue;
                }
                let group = match self.strategy {
                    Strategy::OneForOne => at..at + 1,
                    Strategy::OneForAll => 0..self.children.len(),
                };
                match self.mend(at, group) {
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

    /// Restarts the children in `group`, because child `at` died.
    fn mend(&mut self, at: usize, group: core::ops::Range<usize>) -> Result<(), Mending> {
        let group = Reserved::all(&mut self.children[group]).ok_or(Mending::Busy)?;
        let now = host::now_ns();
        let alone = group.0.len() == 1;
        let child = &mut group.0[if alone { 0 } else { at }];
        match child.health() {
            // Between the look and the reservation it was stopped, or this is another's restart
            // that was counted before.
            Health::Up | Health::Stopped => return Ok(()),
            Health::Down | Health::Replaced if !self.budget.spend(now) => {
                return Err(Mending::OverBudget);
            }
            Health::Replaced if alone => {
                child.acknowledge();
                return Ok(());
            }
            Health::Down | Health::Replaced => {}
        }
        for child in group.0.iter_mut().rev() {
            child.kill();
        }
        for child in group.0.iter_mut() {
            child.start().map_err(|error| match error {
                SpawnError::Init(_) => Mending::InitFailed,
                _ => Mending::Busy,
            })?;
            // What the next one's `init` calls must not be found reserved by its own thread.
            child.release();
        }
        Ok(())
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
    fn poll(&mut self) {
        Self::poll(self);
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
        for child in &mut self.children {
            child.start()?;
            child.release();
        }
        Ok(())
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
