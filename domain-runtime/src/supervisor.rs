//! Supervisors: they own services of any interface and other supervisors, and restart dead ones by a strategy, within
//! one budget for all.
//!
//! A supervisor does nothing by itself. The host calls [`Supervisor::poll`] when a domain has died
//! ([`wake_reaper`](crate::host::Threads::wake_reaper) reports that) or now and then. Independently of the polls,
//! shadows recover the domains that they need on demand. If a shadow finds the dead child first, the shadow restarts
//! it, and the supervisor then finds it restarted. If the supervisor is first, the shadow finds the child restarted.
//! A supervisor counts the restarts on demand that it finds.

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
    /// Only that child.
    OneForOne,
    /// All children, since they hold handles on each other. They are ended in reverse order and started in order.
    OneForAll,
}

/// The outcome of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All children run, or were stopped by the host.
    Settled,
    /// A child is dead and could not be restarted now: another thread is restarting it, there is no slot, or its
    /// recipe failed. Poll again within a second, because the supervisor keeps its turn for that long.
    Waiting,
    /// The budget is used up, and all children were ended. Only a supervisor above starts them again.
    GaveUp,
}

/// A restart of all children that could not be finished. All of them were ended before it began.
#[derive(Clone, Copy, Debug)]
struct Unfinished {
    /// The children from here on are still to be started.
    from: usize,
    /// Whether the budget has counted this restart already.
    is_spent: bool,
}

/// Restarts its children by a strategy, within a budget. It starts only children that have died: spawn a domain
/// first, and then put it under the supervisor [`with`](Self::with).
///
/// ```
/// use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
/// use samara_domain_runtime::{Status, Strategy, Supervisor};
/// use samara_host_std::runtime;
/// use samara_proxy::{Export, RpcError, interface};
/// use std::time::Duration;
/// # use samara_host_std::{DomainAlloc, System};
/// # #[global_allocator]
/// # static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);
///
/// #[interface]
/// trait Part {
///     fn ping(&self) -> Result<(), RpcError>;
///     fn crash(&self) -> Result<(), RpcError>;
/// }
///
/// struct Unit;
///
/// impl Part for Unit {
///     fn ping(&self) -> Result<(), RpcError> {
///         Ok(())
///     }
///     fn crash(&self) -> Result<(), RpcError> {
///         panic!("asked to");
///     }
/// }
///
/// let spawn = |name| -> Result<Domain<dyn Part>, _> {
///     runtime().spawn(DomainSpec::new(name), |()| Ok::<_, RpcError>(Unit), Mint::nothing())
/// };
/// let (disk, files) = (spawn("disk")?, spawn("files")?);
///
/// // Both are restarted if one dies, at most twice a minute.
/// let budget = Restart::limited(2, Duration::from_secs(60));
/// let mut supervisor = Supervisor::new("storage", Strategy::OneForAll, budget)
///     .with(&disk)
///     .with(&files);
/// assert_eq!(supervisor.poll(), Status::Settled);
///
/// for restarts in 1..=2 {
///     let old = files.proxy()?;
///     assert_eq!(disk.proxy()?.crash(), Err(RpcError::Crashed));
///     assert_eq!(supervisor.poll(), Status::Settled); // The host polls when a domain has died.
///     assert_eq!(old.ping(), Err(RpcError::Dead)); // It was ended and started again, too.
///     assert_eq!((disk.restarts(), files.restarts()), (restarts, restarts));
///     assert_eq!(files.proxy()?.ping(), Ok(()));
/// }
///
/// // The third crash is beyond the budget: all children are ended.
/// assert_eq!(disk.proxy()?.crash(), Err(RpcError::Crashed));
/// assert_eq!(supervisor.poll(), Status::GaveUp);
/// assert_eq!(files.proxy()?.ping(), Err(RpcError::Dead));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// A supervisor without children, called `name` (truncated to 32 bytes), that grants `policy` restarts to all of
    /// them together. The policies of the domains' own specs hold for shadows and for the host's restarts, not for a
    /// supervisor's.
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

    /// Adds a domain as a child. A later child may hold handles on an earlier one.
    #[must_use]
    pub fn with<I: ?Sized + Interface>(mut self, domain: &Domain<I>) -> Self {
        let service = domain.service().clone();
        self.children.push(Box::new(Supervised::new(service)));
        self
    }

    /// Adds a supervisor as a child. It is down when it has given up; starting it starts all of its children, with a
    /// fresh budget.
    #[must_use]
    pub fn with_supervisor(mut self, supervisor: Self) -> Self {
        self.children.push(Box::new(supervisor));
        self
    }

    /// Restarts children that died since the last poll. Waits, bounded by the specs' drain timeouts, for calls inside
    /// dead children. Runs the `init` of the children that it starts.
    pub fn poll(&mut self) -> Status {
        loop {
            if self.gave_up {
                // Another supervisor may have started one of them since.
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
                // Here the child was ended by an unfinished restart. That restart goes on from here, whatever the
                // child's state is by now.
                let is_next = self.unfinished.is_some_and(|rest| rest.from == at);
                let child = &mut self.children[at];
                if !is_next {
                    if child.poll() == Status::Waiting {
                        waits = true;
                        if self.unfinished.is_some() {
                            // Children that are still to be started may hold handles on the one that this child waits
                            // for.
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
            // A failed start is a crash like any other: the budget ends the loop.
            if !failed {
                return if waits {
                    Status::Waiting
                } else {
                    Status::Settled
                };
            }
        }
    }

    /// Restarts child `at`, which died, or all children, as the strategy says. If an unfinished restart has got as
    /// far as this child, goes on with that.
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
        // Since the supervisor looked at the child, the child may have been stopped, or restarted and counted.
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
            // Running children are ended only if nothing obstructs a restart, and only once each.
            if make_way(group.0).is_err() {
                drop(group);
                self.budget.give_back();
                return Err(RestartError::Busy);
            }
            for child in group.0.iter_mut().rev() {
                child.kill();
            }
        }
        // Something else may have started the child since it was ended. That generation holds no handle on the ended
        // children, so it is kept.
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
            // Another thread may be restarting the child. The generation that it starts then finds the child given
            // up, or is ended here.
            let _ = child.reserve();
            child.give_up();
            child.kill();
            child.release();
        }
        host::event(&Event::GaveUp { name: self.name() });
    }
}

/// Checks for obstacles before any child is ended.
fn make_way(children: &mut [Box<dyn Child>]) -> Result<(), SpawnError> {
    children.iter_mut().try_for_each(|child| child.make_way())
}

/// Reserves all children, or none. At a child that could not be reserved, this supervisor has the next turn. The
/// order is from the last child to the first. A start may ask for an earlier child, so a thread that holds one child
/// and waits for another takes them in the same order.
fn reserve_all(children: &mut [Box<dyn Child>]) -> bool {
    let all = children.iter_mut().rev().all(|child| child.reserve());
    if !all {
        for child in children {
            child.step_back();
        }
    }
    all
}

/// Starts all children, in order. If one could not be started, returns how many are started, and the error of that
/// one.
fn start_all(children: &mut [Box<dyn Child>]) -> Result<(), (usize, SpawnError)> {
    for (at, child) in children.iter_mut().enumerate() {
        // Something else may have started the child since all were ended.
        child.kill();
        if let Err(error) = child.start() {
            // A child that is a supervisor counts as started all the same. It keeps trying to start the children that
            // it could not start.
            let is_started = child.health() == Health::Up;
            return Err((at + usize::from(is_started), error));
        }
        // The next child's `init` may call this child on this very thread, and must not find it reserved.
        child.release();
    }
    Ok(())
}

enum RestartError {
    /// Not possible now.
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
                // The supervisor above has spent one of its own restarts on this supervisor.
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
