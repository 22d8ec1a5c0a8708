//! Supervisors: they restart what died, by a strategy, within a budget for all of their children.

use super::{Kind, kind};
use crate::machine::Machine;
use crate::step::Numbers;
use samara_domain_runtime::{ExitKind, Restart, SpawnError, Status, Strategy, Supervisor};
use std::time::Duration;

pub(crate) const KINDS: &[Kind] = &[kind("supervise", 3, Machine::supervise)];

/// Restarts that a supervisor grants to all of its children.
const BUDGET: u32 = 2;

impl Machine {
    /// A supervisor of all domains, under another one or not. Those that bits of `which` name are killed,
    /// then it is polled; so once more.
    fn supervise(&mut self, n: Numbers) {
        let strategy = if n.how.is_multiple_of(2) {
            Strategy::OneForOne
        } else {
            Strategy::OneForAll
        };
        // All run when it begins to look after them.
        for domain in 0..self.domains.len() {
            if !self.alive(domain) {
                let started = self.domains[domain].restart();
                started.unwrap_or_else(|error| panic!("{error}"));
                self.model.born(domain);
            }
        }
        let policy = Restart::limited(BUDGET, Duration::from_secs(1 << 20));
        let mut supervisor = Supervisor::new("supervisor", strategy, policy);
        for domain in &self.domains {
            supervisor = supervisor.with(domain);
        }
        assert_eq!(supervisor.poll(), Status::Settled);
        let mut left = BUDGET as usize;
        for round in 0..2 {
            let killed = |domain: usize| n.which >> (4 * round + domain % 4) & 1 == 1;
            for domain in (0..self.domains.len()).filter(|domain| killed(*domain)) {
                self.kill(Numbers { domain, ..n });
            }
            let dead = (0..self.domains.len())
                .filter(|at| !self.alive(*at))
                .count();
            let needs = match strategy {
                Strategy::OneForOne => dead,
                Strategy::OneForAll => dead.min(1),
            };
            let status = supervisor.poll();
            if needs > left {
                assert_eq!(status, Status::GaveUp);
                return self.given_up();
            }
            assert_eq!(status, Status::Settled);
            left -= needs;
            for domain in 0..self.domains.len() {
                if strategy == Strategy::OneForAll && dead > 0 {
                    self.model.die(domain, ExitKind::Killed);
                }
            }
            for domain in 0..self.domains.len() {
                if !self.alive(domain) {
                    self.model.born(domain);
                }
            }
        }
    }

    /// All children were ended, and are restarted by nobody: others take their places.
    fn given_up(&mut self) {
        for domain in 0..self.domains.len() {
            assert!(!self.domains[domain].kill(), "a child of who gave up runs");
            self.model.die(domain, ExitKind::Killed);
            assert_eq!(self.domains[domain].restart(), Err(SpawnError::Stopped));
            // Stopped for good, also where its supervisor would start it again.
            let stopped = self.domains[domain].stop(Duration::from_secs(10));
            assert_eq!(stopped, Ok(()));
            self.spawn_anew(domain);
        }
    }
}
