//! Steps with supervisors. A supervisor restarts dead domains by a strategy, within one restart budget for all its
//! children.

use super::{Kind, kind};
use crate::area::life;
use crate::node;
use crate::runner::{Machine, runs};
use crate::step::Numbers;
use samara_domain_runtime::{Domain, ExitKind, Restart, SpawnError, Status, Strategy, Supervisor};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

pub(crate) const KINDS: &[Kind] = &[
    kind("supervise", 3, Machine::supervise),
    kind("end amid a start", 2, Machine::end_amid_a_start),
];

/// The number of restarts that a supervisor grants to all of its children together.
const BUDGET: usize = 2;

/// The numbers of failures in a row from which a step chooses, for a recipe that succeeds after them.
const VAIN: [usize; 4] = [0, 0, 1, BUDGET + 1];

/// A supervisor with the model's record of it: the restarts that it may still make, and the domains that the host has
/// stopped.
struct Tree {
    supervisor: Supervisor,
    strategy: Strategy,
    left: usize,
    /// How often the supervisor above may still restart this whole supervisor. 0 if there is no supervisor above.
    above: usize,
    stopped: Vec<bool>,
}

fn limited(restarts: usize) -> Restart {
    let restarts = u32::try_from(restarts).unwrap_or(u32::MAX);
    Restart::limited(restarts, Duration::from_secs(1 << 20))
}

impl Tree {
    fn is_restarted(&self, domain: usize, dead: &[usize]) -> bool {
        match self.strategy {
            Strategy::OneForOne => dead.contains(&domain) && !self.stopped[domain],
            Strategy::OneForAll => !dead.is_empty() && !self.stopped[domain],
        }
    }

    /// Returns the number of restarts that are spent if these domains are dead.
    fn needs(&self, dead: &[usize]) -> usize {
        match self.strategy {
            Strategy::OneForOne => dead.iter().filter(|at| !self.stopped[**at]).count(),
            Strategy::OneForAll => dead.len().min(1),
        }
    }
}

impl Machine {
    /// Runs a supervisor of all domains, with or without another supervisor above it, for two rounds. In each round
    /// one domain may be stopped, bits of `which` select the domains that are killed, and one recipe may fail for a
    /// while.
    fn supervise(&mut self, n: Numbers) {
        let mut tree = self.supervisor_of_all(n);
        assert_eq!(tree.supervisor.poll(), Status::Settled);
        let mut goes_on = true;
        for round in 0..2 {
            if (n.how >> 2) % 4 == round + 1 && !tree.stopped[n.domain] {
                self.stop_orderly(n.domain);
                tree.stopped[n.domain] = true;
            }
            let killed = |domain: usize| n.which >> (4 * round + domain % 4) & 1 == 1;
            for domain in (0..self.domains.len()).filter(|domain| killed(*domain)) {
                if !tree.stopped[domain] {
                    self.kill(Numbers { domain, ..n });
                }
            }
            goes_on = goes_on && self.mend(&mut tree, n);
            // A stopped domain is never started again.
            for domain in (0..self.domains.len()).filter(|at| tree.stopped[*at]) {
                self.stays_stopped(domain);
            }
        }
        drop(tree);
        for domain in 0..self.domains.len() {
            if !self.alive(domain) {
                self.spawn_anew(domain);
            }
        }
    }

    fn supervisor_of_all(&mut self, n: Numbers) -> Tree {
        self.start_all();
        let strategy = if n.how.is_multiple_of(2) {
            Strategy::OneForOne
        } else {
            Strategy::OneForAll
        };
        let mut supervisor = Supervisor::new("supervisor", strategy, limited(BUDGET));
        for domain in &self.domains {
            supervisor = supervisor.with(domain);
        }
        let above = n.how >> 1 & 1;
        if above > 0 {
            supervisor = Supervisor::new("above", Strategy::OneForOne, limited(above))
                .with_supervisor(supervisor);
        }
        Tree {
            supervisor,
            strategy,
            left: BUDGET,
            above,
            stopped: vec![false; self.domains.len()],
        }
    }

    /// Starts all domains that are dead.
    fn start_all(&mut self) {
        for domain in 0..self.domains.len() {
            if !self.alive(domain) {
                let started = self.domains[domain].restart();
                started.unwrap_or_else(|error| panic!("{error}"));
                self.model.born(domain);
            }
        }
    }

    /// Polls the supervisor until it has restarted everything or has given up. Returns whether it goes on.
    fn mend(&mut self, tree: &mut Tree, n: Numbers) -> bool {
        let dead: Vec<_> = (0..self.domains.len())
            .filter(|at| !self.alive(*at) && !tree.stopped[*at])
            .collect();
        let gives_up = tree.needs(&dead) > tree.left;
        // This is the domain whose recipe fails a few times.
        let bad = (n.domain + 1) % self.domains.len();
        let has_recipe = tree.is_restarted(bad, &dead) && tree.above == 0 && !gives_up;
        let vain = if has_recipe { VAIN[n.how >> 4 & 3] } else { 0 };
        let before: Vec<_> = self.domains.iter().map(Domain::restarts).collect();
        for _ in 0..vain {
            self.orders[bad].fail_once();
            assert_eq!(tree.supervisor.poll(), Status::Waiting);
        }
        let twice = if vain > 0 {
            self.meanwhile(tree, bad, n.how >> 6)
        } else {
            Vec::new()
        };
        let status = tree.supervisor.poll();
        if gives_up && tree.above == 0 {
            assert_eq!(status, Status::GaveUp);
            self.given_up(&tree.stopped);
            return false;
        }
        assert_eq!(status, Status::Settled);
        if tree.strategy == Strategy::OneForAll {
            // All children are ended before the first one is started. So none is left whose recorded calls would be
            // replayed.
            for domain in (0..self.domains.len()).filter(|at| tree.is_restarted(*at, &dead)) {
                self.model.die(domain, ExitKind::Killed);
            }
        }
        for (domain, before) in before.into_iter().enumerate() {
            let mut starts = u32::from(tree.is_restarted(domain, &dead));
            if gives_up {
                // The supervisor had restarted the children before the one that exceeded its budget. Then the
                // supervisor above restarts all of its children.
                let place = dead.iter().position(|at| *at == domain);
                let was_first = place.is_some_and(|place| place < tree.left);
                starts = u32::from(was_first && tree.strategy == Strategy::OneForOne)
                    + u32::from(!tree.stopped[domain]);
            }
            if starts > 0 {
                self.model.die(domain, ExitKind::Killed);
                starts += self.model.born(domain);
            }
            starts += u32::from(twice.contains(&domain));
            if domain == bad {
                // This recipe fails once more while the host starts the other domains (see `meanwhile`).
                let more = usize::from(vain > 0 && n.how >> 6 == 2);
                starts += u32::try_from(vain + more).unwrap_or(u32::MAX);
            }
            let made = self.domains[domain].restarts() - before;
            assert_eq!(made, starts, "starts of {:?}", self.domains[domain]);
        }
        if gives_up {
            tree.above -= 1;
            tree.left = BUDGET;
        } else {
            tree.left -= tree.needs(&dead);
        }
        true
    }

    /// Acts as the host while a supervisor waits for a domain that cannot be started: it starts that domain, stops
    /// it, or starts others. Returns the domains that the supervisor then starts once more. These are the later
    /// children of a one-for-all supervisor: they may have called the missing domain.
    fn meanwhile(&mut self, tree: &mut Tree, bad: usize, how: usize) -> Vec<usize> {
        let mut starts: Vec<_> = match how {
            0 => Vec::new(),
            1 => vec![bad],
            2 => (0..self.domains.len()).filter(|at| *at != bad).collect(),
            _ => {
                self.model.die(bad, ExitKind::Killed);
                self.stop_orderly(bad);
                tree.stopped[bad] = true;
                Vec::new()
            }
        };
        starts.retain(|at| !tree.stopped[*at] && !runs(&self.domains[*at]));
        for &domain in &starts {
            let started = self.domains[domain].restart();
            started.unwrap_or_else(|error| panic!("{error}"));
        }
        if how != 2 {
            return Vec::new();
        }
        // The domains that the host has started must keep running while the failing one still does not start.
        self.orders[bad].fail_once();
        assert_eq!(tree.supervisor.poll(), Status::Waiting);
        let run = starts.iter().all(|at| runs(&self.domains[*at]));
        assert!(run, "the host's starts of {starts:?} were undone");
        // The supervisor had already started the children before the failing one, so it starts only the later ones
        // again.
        starts.retain(|at| tree.strategy == Strategy::OneForAll && *at > bad);
        starts
    }

    /// Checks that all children that were not stopped are ended, and that no handle can restart them.
    fn given_up(&mut self, stopped: &[bool]) {
        for domain in (0..self.domains.len()).filter(|at| !stopped[*at]) {
            assert!(
                !self.domains[domain].kill(),
                "a child runs although its supervisor gave up"
            );
            self.model.die(domain, ExitKind::Killed);
            assert_eq!(self.domains[domain].restart(), Err(SpawnError::Stopped));
            // A supervisor above could start such a child again. The stop rules this out.
            let stopped = self.domains[domain].stop(Duration::from_secs(10));
            assert_eq!(stopped, Ok(()));
        }
    }

    fn stays_stopped(&self, domain: usize) {
        let domain = &self.domains[domain];
        assert!(!domain.kill(), "{domain:?} was stopped and runs");
        assert_eq!(domain.restart(), Err(SpawnError::Stopped), "{domain:?}");
    }

    /// Ends a domain while its new generation is still in its recipe or its `init`: the host stops it, or its
    /// supervisor gives up.
    fn end_amid_a_start(&mut self, n: Numbers) {
        self.start_all();
        match n.how % 3 {
            0 => self.stop_in_a_supervised_recipe(n.domain),
            1 => self.stop_in_init(n.domain),
            _ => self.give_up_in_init(n.domain),
        }
    }

    /// Returns a hook that stops `domain`, for use while a restart of it is in progress, and the cell into which the
    /// hook puts the stop's error.
    fn stopper(&self, domain: usize) -> (impl FnOnce() + 'static, Rc<Cell<Option<SpawnError>>>) {
        let answer = Rc::new(Cell::new(None));
        let (stopped, told) = (self.domains[domain].clone(), Rc::clone(&answer));
        let stop = move || told.set(stopped.stop(Duration::ZERO).err());
        (stop, answer)
    }

    fn stop_in_a_supervised_recipe(&mut self, domain: usize) {
        let mut supervisor = Supervisor::new("supervisor", Strategy::OneForOne, limited(BUDGET))
            .with(&self.domains[domain]);
        let (stop, answer) = self.stopper(domain);
        assert!(self.domains[domain].kill());
        life::in_recipe(stop);
        assert_eq!(supervisor.poll(), Status::Settled);
        self.was_stopped(domain, &answer);
        assert_eq!(supervisor.poll(), Status::Settled);
        self.stays_stopped(domain);
        self.spawn_anew(domain);
    }

    fn stop_in_init(&mut self, domain: usize) {
        let (stop, answer) = self.stopper(domain);
        node::in_init(stop);
        self.orders[domain].kill_in_init();
        assert_eq!(self.domains[domain].restart(), Err(SpawnError::Stopped));
        self.was_stopped(domain, &answer);
        self.stays_stopped(domain);
        self.spawn_anew(domain);
    }

    fn was_stopped(&mut self, domain: usize, answer: &Cell<Option<SpawnError>>) {
        let answer = answer.take();
        assert_eq!(
            answer,
            Some(SpawnError::StillDraining),
            "a stop while a restart is in progress"
        );
        self.model.die(domain, ExitKind::Killed);
    }

    /// Uses a supervisor of all domains that grants no restarts. While `domain` is in its `init`, the supervisor
    /// finds another domain dead and gives up.
    fn give_up_in_init(&mut self, domain: usize) {
        let mut supervisor = Supervisor::new("never", Strategy::OneForOne, Restart::never());
        for child in &self.domains {
            supervisor = supervisor.with(child);
        }
        let supervisor = Rc::new(RefCell::new(supervisor));
        let status = Rc::new(Cell::new(None));
        let other = self.domains[(domain + 1) % self.domains.len()].clone();
        let (polled, told) = (Rc::clone(&supervisor), Rc::clone(&status));
        node::in_init(move || {
            other.kill();
            told.set(Some(polled.borrow_mut().poll()));
        });
        self.orders[domain].kill_in_init();
        assert_eq!(self.domains[domain].restart(), Err(SpawnError::Stopped));
        assert_eq!(status.get(), Some(Status::GaveUp));
        self.given_up(&vec![false; self.domains.len()]);
        for domain in 0..self.domains.len() {
            self.spawn_anew(domain);
        }
    }
}
