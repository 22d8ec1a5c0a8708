//! The reference model: everything that the domains and the host have, as plain data.
//!
//! Each handle is recorded exactly once, in the record of its holder. All other facts are computed from these
//! records: the number of proxies to an exported object, every census, and whether the host still keeps its record of
//! an opened object.

pub(crate) mod handles;
pub(crate) mod item;

use crate::census::{NOTHING, add, one, times};
use handles::{Held, Opened, Units};
use item::Known;
use samara_domain_runtime::ExitKind;
use samara_shared_heap::heap::Census;
use std::collections::BTreeMap;
use std::mem;

/// One generation of one of the machine's domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) domain: usize,
    pub(crate) number: u32,
}

/// The end of a call, as its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ok,
    Dead,
    Crashed,
}

/// One service: a domain's name with all generations until the host stops it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) domain: usize,
    pub(crate) service: u32,
}

/// A recorded `#[replay]` call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded {
    /// The domain that made the call; `None` is the host.
    pub(crate) by: Option<Life>,
    pub(crate) value: u32,
    /// Whether a replay of the call kills the callee.
    pub(crate) deadly: bool,
}

/// The reference model's record of a domain.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    /// The number of its generations so far, over all its services.
    pub(crate) number: u32,
    /// The number of its services that have ended.
    pub(crate) service: u32,
    pub(crate) alive: bool,
    /// The kind of end of the last generation.
    pub(crate) end: ExitKind,
    pub(crate) items: Vec<Known>,
    pub(crate) peer: Option<Life>,
    pub(crate) patron: Option<Name>,
    /// Proxies to exported objects that it keeps.
    pub(crate) leaves: Vec<Held>,
    /// Proxies to exported objects that it has forgotten (`mem::forget`).
    pub(crate) lost_leaves: Vec<Held>,
    /// The census of the other objects that it has forgotten.
    pub(crate) lost: Census,
    /// Exported objects that it has not dropped yet.
    pub(crate) exported: Vec<Exported>,
    /// For each parked thread, whether it holds an object.
    pub(crate) threads: Vec<bool>,
    /// Threads that end only with their domain.
    pub(crate) stubborn: usize,
    /// Whether threads of a dead generation may still run, because they have not yet noticed its death.
    pub(crate) lingers: bool,
    /// Whether this generation began while threads of its predecessor still ran. Such threads may count against its
    /// limit.
    pub(crate) cramped: bool,
    /// The value to which its root object was set.
    pub(crate) value: u32,
    /// The recorded calls of its service.
    pub(crate) journal: Vec<Recorded>,
    /// Callers that its service has given up, because one of their recorded calls killed a generation in a replay.
    pub(crate) given_up: Vec<Life>,
}

/// An object that a domain has exported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exported {
    pub(crate) id: u64,
    /// Whether its destructor panics.
    pub(crate) bomb: bool,
}

impl Node {
    /// Records that the domain has died in the way `end`, and has lost everything that it had.
    pub(crate) fn die(&mut self, end: ExitKind) {
        if self.alive {
            self.end = end;
        }
        self.alive = false;
        self.items.clear();
        self.peer = None;
        self.patron = None;
        self.leaves.clear();
        self.lost_leaves.clear();
        self.lost = NOTHING;
        self.exported.clear();
        self.threads.clear();
        self.stubborn = 0;
        self.value = 0;
    }

    /// Returns the census that the domain must have.
    fn census(&self, units: &Units) -> Census {
        let mut sum = NOTHING;
        if !self.alive {
            return sum;
        }
        add(&mut sum, units.base);
        self.items
            .iter()
            .for_each(|item| add(&mut sum, item.counts));
        let handles = usize::from(self.peer.is_some()) + self.leaves.len() + self.lost_leaves.len();
        add(&mut sum, times(units.handle, handles));
        add(
            &mut sum,
            times(units.shadow, usize::from(self.patron.is_some())),
        );
        add(&mut sum, times(units.object, self.exported.len()));
        let holding = self.threads.iter().filter(|holds| **holds).count();
        add(&mut sum, times(one::<u64>(), holding));
        add(&mut sum, self.lost);
        sum
    }
}

/// The reference model of all domains of a machine, and of the host's handles.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) nodes: Vec<Node>,
    pub(crate) units: Units,
    /// Opened objects by number.
    pub(crate) opened: BTreeMap<u64, Opened>,
    /// Proxies to exported objects that the host has.
    pub(crate) leaves: Vec<Held>,
}

impl Model {
    pub(crate) fn lives(&self, life: Life) -> bool {
        let node = &self.nodes[life.domain];
        node.alive && node.number == life.number
    }

    pub(crate) fn life(&self, domain: usize) -> Life {
        let number = self.nodes[domain].number;
        Life { domain, number }
    }

    pub(crate) fn name(&self, domain: usize) -> Name {
        let service = self.nodes[domain].service;
        Name { domain, service }
    }

    pub(crate) fn die(&mut self, domain: usize, end: ExitKind) {
        let node = &mut self.nodes[domain];
        node.lingers |= !node.threads.is_empty() || node.stubborn > 0;
        node.die(end);
        self.forget_dead_recorders();
    }

    /// Removes the recorded calls of callers that have died, and the ways back of objects whose openers have died.
    fn forget_dead_recorders(&mut self) {
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|node| (node.alive, node.number))
            .collect();
        let lives =
            |by: Option<Life>| by.is_none_or(|life| nodes[life.domain] == (true, life.number));
        for node in &mut self.nodes {
            node.journal.retain(|call| lives(call.by));
            node.given_up.retain(|life| lives(Some(*life)));
        }
        for opened in self.opened.values_mut() {
            opened.journal.retain(|call| lives(call.by));
            opened.has_way &= lives(opened.by);
        }
    }

    /// Records that a new generation runs, after the replay of all recorded calls. Returns the number of generations
    /// that began before it and died because of a deadly call in the replay.
    pub(crate) fn born(&mut self, domain: usize) -> u32 {
        let node = &mut self.nodes[domain];
        // A call that was cut may have added entries to the dead generation's record. They are removed here.
        node.die(ExitKind::None);
        node.number += 1;
        node.alive = true;
        node.cramped = node.lingers;
        node.end = ExitKind::None;
        let mut died = 0;
        while let Some(by) = node
            .journal
            .iter()
            .find(|call| call.deadly)
            .and_then(|call| call.by)
        {
            node.journal.retain(|call| call.by != Some(by));
            node.given_up.push(by);
            died += 1;
        }
        node.value = node.journal.last().map_or(0, |call| call.value);
        died
    }

    /// Whether threads of any dead generation may still run. Resets the flags.
    pub(crate) fn have_lingered(&mut self) -> bool {
        let lingered = self
            .nodes
            .iter_mut()
            .map(|node| mem::take(&mut node.lingers));
        lingered.fold(false, |any, one| any | one)
    }

    pub(crate) fn census(&self, domain: usize) -> Census {
        self.nodes[domain].census(&self.units)
    }

    /// Models a chain that enters `life` and goes on over `hops` peers. `end` models the event at the chain's end.
    /// Its second argument lists the generations on the chain, the outermost first.
    pub(crate) fn chain(
        &mut self,
        life: Life,
        hops: usize,
        above: &mut Vec<Life>,
        end: &mut dyn FnMut(&mut Self, &[Life]) -> End,
    ) -> End {
        // The call may return objects, so the callee first drops its exported objects that have no proxy left.
        if self.lives(life) {
            self.collect(life.domain);
        }
        if !self.lives(life) {
            return End::Dead;
        }
        above.push(life);
        let next = if hops > 0 {
            self.nodes[life.domain].peer
        } else {
            None
        };
        let inner = match next {
            Some(next) => Ok(self.chain(next, hops - 1, above, end)),
            None => Err(end(self, above)),
        };
        above.pop();
        let inner = match inner {
            Ok(inner) => inner,
            Err(end) => return end,
        };
        // A caller that died meanwhile is cut when its callee returns.
        if self.lives(life) {
            inner
        } else {
            End::Crashed
        }
    }
}
