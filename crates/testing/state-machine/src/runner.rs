//! The machine: real domains beside the reference model.

use crate::area::exports::{Exports, Leaf};
use crate::area::life::Orders;
use crate::census::{add, minus, times};
use crate::cuts;
use crate::model::item::{Item, Known};
use crate::model::{self, End, Life, Model, Name};
use crate::node::{self, Node};
use crate::settle::wait_until;
use crate::step::{Numbers, Step};
use samara_domain::{Proxy, RpcError, Shadow};
use samara_domain_runtime::state::State;
use samara_domain_runtime::{Domain, DomainInfo, DomainSpec, ExitKind, Restart};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_shared_heap::heap::{self, Census};
use samara_testkit::hosted::{Half, owner_of};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

/// The most objects or handles of one kind that the host keeps.
pub(crate) const MOST: usize = 24;

/// The most calls that a service records for one caller.
pub(crate) const REPLAY_LOG: usize = 8;

/// The host quota of a domain, in bytes.
pub(crate) const HOST_QUOTA: usize = 6 << 10;

/// The thread limit of a domain.
pub(crate) const THREADS: u32 = 3;

/// The limit of a domain's private memory, in bytes.
pub(crate) const PRIVATE: usize = 4 << 20;

/// The restart limit of a service for ten seconds. The steps make far fewer restarts, and the limit ends an endless
/// loop of starts.
const RESTARTS: u32 = 5000;

/// Some domains, the host's handles, and the reference model of both.
#[derive(Debug)]
pub struct Machine {
    pub(crate) name: String,
    pub(crate) domains: Vec<Domain<dyn Node>>,
    pub(crate) orders: Vec<Arc<Orders>>,
    pub(crate) model: Model,
    pub(crate) hand: Vec<(Item, Known)>,
    pub(crate) proxies: Vec<(Proxy<dyn Node>, Life)>,
    /// The host's proxies to exported objects, in the order of the model's `leaves`.
    pub(crate) leaves: Vec<Proxy<dyn Leaf>>,
    pub(crate) shadows: Vec<(Shadow<dyn Node>, Name)>,
    /// For each domain, the service that is published under its name, if there is one.
    pub(crate) published: Vec<Option<Name>>,
    /// Whether no other machine runs at the same time.
    pub(crate) is_alone: bool,
    tags: u64,
    /// The instruction at which the step's call is to be cut; and, in `was_cut`, whether a domain has died of the
    /// cut.
    cut: Option<u64>,
    pub(crate) was_cut: bool,
}

pub(crate) fn end_of<T>(result: &Result<T, RpcError>) -> End {
    match result {
        Ok(_) => End::Ok,
        Err(RpcError::Dead) => End::Dead,
        Err(RpcError::Crashed) => End::Crashed,
        Err(other) => panic!("a call returned {other:?}"),
    }
}

/// Whether the newest generation can be entered.
pub(crate) fn runs(domain: &Domain<dyn Node>) -> bool {
    let target = domain.service().current().target();
    target.block().word() == target.expected()
}

impl Machine {
    /// Starts `domains` new domains. Their names begin with `name`.
    ///
    /// # Panics
    /// If a domain does not start.
    #[must_use]
    pub fn new(name: &str, domains: usize) -> Self {
        let mut this = Self {
            name: name.to_string(),
            domains: Vec::with_capacity(domains),
            orders: Vec::with_capacity(domains),
            model: Model::default(),
            hand: Vec::with_capacity(MOST + 1),
            proxies: Vec::with_capacity(MOST),
            leaves: Vec::with_capacity(MOST),
            shadows: Vec::with_capacity(MOST),
            published: vec![None; domains],
            is_alone: false,
            tags: 0,
            cut: None,
            was_cut: false,
        };
        for at in 0..domains {
            let orders = Arc::new(Orders::new());
            this.domains.push(this.spawn(at, &orders));
            this.orders.push(orders);
            this.model.nodes.push(model::Node::default());
            this.model.born(at);
        }
        this.measure();
        this
    }

    /// Declares that no other machine runs at the same time. Only such a machine takes the steps of `area/waits.rs`,
    /// which count a thread's turns.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.is_alone = true;
        self
    }

    /// Spawns a domain for place `at`. This begins a new service.
    pub(crate) fn spawn(&self, at: usize, orders: &Arc<Orders>) -> Domain<dyn Node> {
        let spec = DomainSpec::new(&format!("{}-{at}", self.name))
            .restart(Restart::limited(RESTARTS, Duration::from_secs(10)))
            .replay_log(REPLAY_LOG)
            .host_quota(HOST_QUOTA)
            .threads(THREADS)
            .drain_timeout(Duration::from_millis(100));
        let domain = runtime().spawn(cuts::limited(spec), node::init, Orders::mint(orders));
        domain.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Measures the census that each kind of handle adds to the domain that holds it.
    fn measure(&mut self) {
        let owner = owner_of(&self.domains[0]);
        let (first, root) = (heap::census(owner), self.fresh(0));
        assert_eq!(root.learn(self.fresh(0)), Ok(()));
        let second = heap::census(owner);
        let shadow = self.domains[0].shadow();
        assert_eq!(root.trust(shadow.unwrap_or_else(|e| panic!("{e}"))), Ok(()));
        let third = heap::census(owner);
        assert_eq!(root.keep_own(0), Ok(()));
        let units = &mut self.model.units;
        units.base = first;
        units.handle = minus(second, first);
        units.shadow = minus(third, second);
        units.object = minus(minus(heap::census(owner), third), units.handle);
        self.model.nodes[0].peer = Some(self.model.life(0));
        self.model.nodes[0].patron = Some(self.model.name(0));
        self.keeps_own(0, 0);
        self.check();
    }

    pub(crate) fn fresh(&self, domain: usize) -> Proxy<dyn Node> {
        let proxy = self.domains[domain].proxy();
        proxy.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn alive(&self, domain: usize) -> bool {
        self.model.nodes[domain].alive
    }

    /// Returns how a call of a domain ends if nothing goes wrong.
    pub(crate) fn answer(&self, domain: usize) -> End {
        if self.alive(domain) {
            End::Ok
        } else {
            End::Dead
        }
    }

    pub(crate) fn tag(&mut self) -> u64 {
        self.tags += 1;
        self.tags
    }

    /// Takes one step and compares the domains with the reference model.
    ///
    /// # Panics
    /// If they differ.
    pub fn step(&mut self, step: Step) {
        let domain = step.numbers.domain % self.domains.len();
        let numbers = Numbers {
            domain,
            ..step.numbers
        };
        self.was_cut = false;
        (step.kind.take)(self, numbers);
        runtime().reap();
        self.check();
    }

    /// Takes a [`step`](Self::step) and cuts its call at instruction `at`, if the step allows cuts and the call has
    /// that many instructions. Returns whether a domain died of the cut.
    ///
    /// # Panics
    /// If the domains differ from the reference model.
    pub fn step_cut(&mut self, step: Step, at: u64) -> bool {
        self.cut = Some(at);
        self.step(step);
        self.cut = None;
        self.was_cut
    }

    /// Makes sure that the step's call is not cut.
    pub(crate) fn uncut(&mut self) {
        self.cut = None;
    }

    /// Makes a call, and cuts it if [`step_cut`](Self::step_cut) has asked for that. Records in the reference model
    /// which domains have died of the cut.
    pub(crate) fn cuttable<R>(&mut self, call: impl FnOnce() -> R) -> R {
        let Some(at) = self.cut.take() else {
            return call();
        };
        let of = |domain| (Domain::restarts(domain), runs(domain));
        let before: Vec<_> = self.domains.iter().map(of).collect();
        // Checks that a cut does not land in the caller's own catch. The catch is right around the call, so that in
        // optimised code both share a frame.
        let caught = || panic::catch_unwind(AssertUnwindSafe(call));
        let Ok(result) = cuts::around(at, caught) else {
            panic!("a cut of a domain unwound into the host's own catch");
        };
        for (domain, (before, ran)) in before.into_iter().enumerate() {
            if self.alive(domain) && self.domains[domain].restarts() != before {
                // The domain died of the cut, and a caller has restarted it.
                self.was_cut = true;
                self.model.die(domain, ExitKind::Overrun);
                self.model.born(domain);
            }
            if self.alive(domain) && !runs(&self.domains[domain]) {
                self.was_cut = true;
                // Not only the cut may have ended the domain: a hook of the step may have killed it.
                let end = self.domains[domain].exit_reason();
                let end = end.map_or(ExitKind::Overrun, |reason| reason.kind);
                self.model.die(domain, end);
            }
            let end = self.domains[domain].exit_reason();
            let was_cut = end.is_some_and(|reason| reason.kind == ExitKind::Overrun);
            if ran && !self.alive(domain) && was_cut {
                // The model already has this domain as dead, because the step kills it. But the cut came before the
                // kill.
                self.was_cut = true;
                self.model.nodes[domain].end = ExitKind::Overrun;
            }
        }
        result
    }

    /// Checks how a call ended. If the step was cut, any end is right.
    pub(crate) fn ended(&self, ended: End, expected: End) {
        if !self.was_cut {
            assert_eq!(ended, expected);
        }
    }

    /// Checks that every domain has exactly what the reference model says.
    pub(crate) fn check(&mut self) {
        assert_eq!(
            Half::faults(),
            0,
            "capabilities that were released in a wrong way"
        );
        if self.model.have_lingered() {
            self.await_predecessors();
        }
        self.model.close_unheld();
        for (at, domain) in self.domains.iter().enumerate() {
            let info = domain.info();
            let has = Census {
                objects: info.objects,
                bytes: info.shared_bytes,
                capabilities: info.capabilities,
            };
            let node = &self.model.nodes[at];
            if node.alive {
                assert_eq!(has, self.model.census(at), "{domain:?}");
                assert_eq!(
                    domain.exit_reason(),
                    None,
                    "{domain:?} runs and has an exit reason"
                );
            } else {
                wait_until(
                    || format!("the reclaim of {:?} ({node:?})", domain.info()),
                    || domain.info().state == State::Free,
                );
                let kind = domain.exit_reason().map(|reason| reason.kind);
                assert_eq!(kind, Some(node.end), "{domain:?}");
            }
            self.check_kept(at, info.host_bytes);
            self.check_threads(at, info.threads);
        }
    }

    /// Waits until all earlier generations are reclaimed. This may take some time, because their threads may notice
    /// the death late.
    fn await_predecessors(&self) {
        for (at, domain) in self.domains.iter().enumerate() {
            let left = usize::from(self.alive(at));
            let is_it = |info: &DomainInfo| info.name.as_str() == domain.name();
            wait_until(
                || {
                    let lives: Vec<_> = runtime().domains().filter(is_it).collect();
                    format!("the reclaim of {domain:?}'s earlier generations: {lives:?}")
                },
                || runtime().domains().filter(is_it).count() == left,
            );
        }
    }

    /// Returns the reference model's census of the objects that the host holds for this machine.
    #[must_use]
    pub fn held(&self) -> Census {
        let units = &self.model.units;
        let mut sum = self.model.host_handles();
        self.hand
            .iter()
            .for_each(|(_, known)| add(&mut sum, known.counts));
        add(&mut sum, times(units.handle, self.proxies.len()));
        add(&mut sum, times(units.shadow, self.shadows.len()));
        sum
    }

    /// Returns the reference model's census of the objects that all owners hold for this machine.
    #[must_use]
    pub fn all(&self) -> Census {
        let mut sum = self.held();
        for at in 0..self.domains.len() {
            add(&mut sum, self.model.census(at));
        }
        sum
    }

    /// Kills all domains and drops everything.
    ///
    /// # Panics
    /// If the domains differ from the reference model.
    pub fn end(mut self) {
        self.withdraw_all();
        for at in 0..self.domains.len() {
            self.domains[at].kill();
            self.model.die(at, ExitKind::Killed);
        }
        runtime().reap();
        self.check();
    }
}

impl Drop for Machine {
    /// Cleans up even after a failed step, so that the next machine starts from a clean state.
    fn drop(&mut self) {
        for domain in &self.domains {
            runtime().withdraw(domain.name());
            domain.kill();
        }
        self.proxies.clear();
        self.leaves.clear();
        self.shadows.clear();
        runtime().reap();
    }
}
