//! Steps with recorded calls and opened objects. They check the host's charges for them, and that they are restored
//! after a death.

use super::{Kind, kind};
use crate::area::exports::{Exports, Leaf, is_bomb, open};
use crate::area::shadows::maybe_crash;
use crate::model::handles::{Held, Opened, Through};
use crate::model::{Life, Name, Recorded};
use crate::node::{HostResource, with};
use crate::runner::{HOST_QUOTA, Machine, REPLAY_LOG};
use crate::step::Numbers;
use samara_domain::{Proxy, RRef, RpcError, interface};
use samara_domain_runtime::ExitKind;
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

pub(crate) const KINDS: &[Kind] = &[
    kind("record", 3, Machine::record),
    kind("record inside", 3, |m, n| m.record_by(n, false)),
    kind("open", 4, Machine::open),
    kind("open inside", 3, Machine::open_inside),
    kind("open again and again", 1, Machine::knit),
    kind("open below and below", 1, Machine::open_down),
    kind("recover inside", 2, Machine::recover_inside),
    kind("record much", 1, Machine::record_much),
    kind("record much inside", 1, Machine::record_much_inside),
    kind("open much inside", 1, Machine::open_much_inside),
    kind("record a deadly call", 1, |m, n| m.record_by(n, true)),
];

/// The most calls that an opened object records for one caller.
const OPENED_LOG: usize = 16;
/// The least number of bytes that the host charges for a record.
const OVERHEAD: usize = 128;
/// The largest number of bytes that the host charges for a record in these steps.
const MOST_EACH: usize = 512;
/// The longest chain of objects that are opened through each other.
const DEPTH: usize = 4;

#[interface]
pub(crate) trait Opens {
    #[idempotent]
    fn get(&self) -> Result<u32, RpcError>;
    #[idempotent]
    fn get_crashing(&self) -> Result<u32, RpcError>;
    fn bump(&self) -> Result<u32, RpcError>;
    #[replay]
    fn set(&self, value: u32) -> Result<(), RpcError>;
    #[idempotent]
    fn fill(&self, #[scratch] buffer: RRef<[u8]>, byte: u8) -> Result<RRef<[u8]>, RpcError>;
    /// Does the same as `set` if the host has armed `trap`. Otherwise panics, so the domain dies.
    #[replay]
    fn set_once(&self, value: u32, trap: u64) -> Result<(), RpcError>;
    #[replay]
    fn open(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError>;
    /// Returns the proxy that the domain was handed last, if it has one. Otherwise does the same as `open`.
    #[replay]
    fn lobby(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError>;
    /// Records a call on the patron. If `trap` is given, the call is deadly: its replay kills the patron.
    fn set_patron(&self, value: u32, trap: Option<u64>) -> Result<(), RpcError>;
    /// Opens an object of the patron and keeps it.
    fn open_patron(&self, id: u64) -> Result<(), RpcError>;
}

thread_local! {
    /// The armed trap: a call with this trap is harmless, and a call with another trap kills its callee. The host
    /// arms the trap of a call only while it makes the call. So only a replay of the call is deadly.
    static ARMED: Cell<u64> = const { Cell::new(0) };
}

/// The value that a domain's root object holds.
#[derive(Debug, Default)]
pub(crate) struct Root(AtomicU32);

impl Opens for HostResource {
    fn get(&self) -> Result<u32, RpcError> {
        Ok(self.root.0.load(SeqCst))
    }
    fn get_crashing(&self) -> Result<u32, RpcError> {
        maybe_crash();
        self.get()
    }
    fn bump(&self) -> Result<u32, RpcError> {
        maybe_crash();
        Ok(self.root.0.fetch_add(1, SeqCst).wrapping_add(1))
    }
    fn set(&self, value: u32) -> Result<(), RpcError> {
        self.root.0.store(value, SeqCst);
        Ok(())
    }
    fn set_once(&self, value: u32, trap: u64) -> Result<(), RpcError> {
        assert_eq!(trap, ARMED.get(), "a deadly call was replayed");
        self.set(value)
    }
    fn fill(&self, mut buffer: RRef<[u8]>, byte: u8) -> Result<RRef<[u8]>, RpcError> {
        assert!(
            buffer.iter().all(|at| *at == 0),
            "a new buffer shows old bytes"
        );
        buffer.fill(byte);
        maybe_crash();
        Ok(buffer)
    }
    fn open(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError> {
        open(id)
    }
    fn lobby(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError> {
        match with(&self.leaves.0, Vec::pop) {
            Some(leaf) => Ok(leaf),
            None => open(id),
        }
    }
    fn set_patron(&self, value: u32, trap: Option<u64>) -> Result<(), RpcError> {
        match (self.patron()?, trap) {
            (Some(patron), Some(trap)) => patron.set_once(value, trap),
            (Some(patron), None) => patron.set(value),
            (None, _) => Ok(()),
        }
    }
    fn open_patron(&self, id: u64) -> Result<(), RpcError> {
        let Some(patron) = self.patron()? else {
            return Ok(());
        };
        let leaf = patron.open(id)?;
        with(&self.leaves.0, |leaves| leaves.push(leaf));
        Ok(())
    }
}

/// Whether a journal has room for another call by `by`.
fn has_room(journal: &[Recorded], by: Option<Life>, limit: usize) -> bool {
    journal.iter().filter(|call| call.by == by).count() < limit
}

impl Machine {
    /// Returns an id for an object such that the object's destructor does not panic.
    fn harmless(&mut self) -> u64 {
        let id = self.tag();
        if is_bomb(id) { self.tag() } else { id }
    }

    fn record(&mut self, n: Numbers) {
        let Some((at, name)) = self.any_shadow(n.which) else {
            return;
        };
        let value = n.how as u32 + 1;
        let done = self.shadows[at].0.set(value);
        let node = &mut self.model.nodes[name.domain];
        let same = node.service == name.service;
        if same && !has_room(&node.journal, None, REPLAY_LOG) {
            assert_eq!(done, Err(RpcError::ReplayLogFull));
            return;
        }
        if !same && done == Err(RpcError::ReplayLogFull) {
            // The journal of a stopped service still exists, and it may be full. So this error is possible instead of
            // `RecoveryFailed`.
            return;
        }
        let expected = self.revive(name);
        assert_eq!(done, expected);
        if expected.is_ok() {
            let node = &mut self.model.nodes[name.domain];
            node.value = value;
            node.journal.push(Recorded {
                by: None,
                value,
                deadly: false,
            });
        }
    }

    fn record_much(&mut self, n: Numbers) {
        (0..n.how % (REPLAY_LOG + 2)).for_each(|_| self.record(n));
    }

    fn record_much_inside(&mut self, n: Numbers) {
        (0..n.how % (REPLAY_LOG + 2)).for_each(|_| self.record_by(n, false));
    }

    /// A domain records a call on its patron. If `deadly` is set, a replay of the call kills the patron.
    fn record_by(&mut self, n: Numbers, deadly: bool) {
        if !self.alive(n.domain) {
            return;
        }
        let value = n.how as u32 + 1;
        let trap = deadly.then(|| self.tag());
        ARMED.set(trap.unwrap_or(0));
        let kept_before = self.domains[n.domain].info().host_bytes;
        let done = self.fresh(n.domain).set_patron(value, trap);
        ARMED.set(0);
        let Some(name) = self.model.nodes[n.domain].patron else {
            assert_eq!(done, Ok(()));
            return;
        };
        let by = Some(self.model.life(n.domain));
        match done {
            Ok(()) => {
                assert_eq!(self.revive(name), Ok(()));
                let node = &mut self.model.nodes[name.domain];
                assert!(has_room(&node.journal, by, REPLAY_LOG));
                node.value = value;
                node.journal.push(Recorded { by, value, deadly });
            }
            Err(RpcError::RecoveryFailed) if self.is_given_up(name, by) => {}
            Err(RpcError::ReplayLogFull) => {
                let node = &self.model.nodes[name.domain];
                let full = !has_room(&node.journal, by, REPLAY_LOG);
                assert!(
                    full || node.service != name.service,
                    "refused by a journal that is not full"
                );
            }
            Err(RpcError::HostQuota) => {
                assert!(
                    kept_before > HOST_QUOTA / 2,
                    "quota refused with only {kept_before} bytes kept"
                );
            }
            Err(error) => assert_eq!(self.revive(name), Err(error)),
        }
    }

    /// Whether the service has given up the caller `by` and no longer records its calls.
    fn is_given_up(&self, name: Name, by: Option<Life>) -> bool {
        let node = &self.model.nodes[name.domain];
        node.service == name.service && by.is_some_and(|by| node.given_up.contains(&by))
    }

    /// Opens an object, another one through it, and so on, until the limit on the depth refuses one.
    fn open_down(&mut self, n: Numbers) {
        self.open(Numbers { how: 1, ..n });
        for _ in 0..=DEPTH {
            let Some((at, Held::Opened(above))) =
                self.model.leaves.iter().copied().enumerate().next_back()
            else {
                return;
            };
            self.open_below(at, above);
        }
    }

    /// Kills a domain's patron, and makes the domain open an object of it, which restarts the patron. A cut may come
    /// during that restart.
    fn recover_inside(&mut self, n: Numbers) {
        let Some(patron) = self.model.nodes[n.domain].patron else {
            return;
        };
        if patron.domain != n.domain && self.alive(patron.domain) {
            self.kill(Numbers {
                domain: patron.domain,
                ..n
            });
        }
        self.open_inside(n);
    }

    /// A domain opens objects until it has used up its host quota.
    fn open_much_inside(&mut self, n: Numbers) {
        for _ in 0..n.how % 32 {
            self.open_inside(n);
            if self.was_cut {
                return;
            }
        }
    }

    /// The host opens an object, through a shadow or through an object that it has opened before.
    fn open(&mut self, n: Numbers) {
        let opened = match self.leaf(n.how).map(|at| (at, self.model.leaves[at])) {
            Some((at, Held::Opened(above))) if n.how.is_multiple_of(2) => {
                return self.open_below(at, above);
            }
            _ => self.any_shadow(n.which),
        };
        let Some((at, name)) = opened else { return };
        let id = self.tag();
        let held = self.shadows[at].0.open(id);
        self.collect_for(name);
        match self.revive(name) {
            Ok(()) => {
                let leaf = held.unwrap_or_else(|error| panic!("{error}"));
                let opened = self.opened(name.domain, id, None, Through::Name(name));
                self.keep_leaf(leaf, opened);
            }
            Err(error) => assert_eq!(held.map(drop), Err(error)),
        }
    }

    /// Records in the reference model that an object was opened just now.
    fn opened(&mut self, domain: usize, id: u64, by: Option<Life>, through: Through) -> Held {
        let current = self.exported(domain, id);
        let opened = Opened {
            current,
            by,
            has_way: true,
            through,
            journal: Vec::new(),
            value: 0,
        };
        self.model.opened.insert(id, opened);
        Held::Opened(id)
    }

    fn depth(&self, mut id: u64) -> usize {
        let mut depth = 1;
        while let Some(Opened {
            through: Through::Opened(above),
            ..
        }) = self.model.opened.get(&id)
        {
            depth += 1;
            id = *above;
        }
        depth
    }

    fn open_below(&mut self, at: usize, above: u64) {
        let id = self.tag();
        let held = self.leaves[at].below(id);
        if self.depth(above) >= DEPTH {
            assert_eq!(held.map(drop), Err(RpcError::ReplayLogFull));
            return;
        }
        match self.reopen(above, true) {
            Ok(()) => {
                let leaf = held.unwrap_or_else(|error| panic!("{error}"));
                let domain = self.model.opened[&above].current.life.domain;
                let opened = self.opened(domain, id, None, Through::Opened(above));
                self.keep_leaf(leaf, opened);
            }
            Err(error) => assert_eq!(held.map(drop), Err(error)),
        }
    }

    /// Models a call to an opened object. `collects` says whether the call may return objects. Before such a call,
    /// the callee drops its exported objects that have no proxy.
    fn reopen(&mut self, id: u64, collects: bool) -> Result<(), RpcError> {
        let life = self.model.opened[&id].current.life;
        if self.model.lives(life) && collects {
            self.model.collect(life.domain);
        }
        if self.model.lives(life) {
            return Ok(());
        }
        if !self.model.opened[&id].has_way {
            return Err(RpcError::Dead);
        }
        self.open_again(id)
    }

    /// Models how a dead object that has a way back is opened again.
    fn open_again(&mut self, id: u64) -> Result<(), RpcError> {
        let opened = self.model.opened[&id].clone();
        let through = match opened.through {
            Through::Name(name) => {
                self.collect_for(name);
                self.revive(name)
            }
            Through::Opened(above) => self.reopen(above, true),
        };
        through.map_err(|_| RpcError::RecoveryFailed)?;
        let current = self.exported(opened.current.life.domain, opened.current.id);
        let value = opened.journal.last().map_or(0, |call| call.value);
        if let Some(opened) = self.model.opened.get_mut(&id) {
            opened.current = current;
            opened.value = value;
        }
        Ok(())
    }

    /// The host uses the opened object `id`, through its proxy at index `at`.
    pub(crate) fn use_opened(&mut self, at: usize, id: u64, how: usize) {
        let object = self.model.opened[&id].current.id;
        match how % 8 {
            0 => {
                let failed = self.leaves[at].fail();
                let expected = self.reopen(id, false);
                assert_eq!(failed, expected.and(Err(RpcError::Crashed)));
                if expected.is_ok() {
                    let life = self.model.opened[&id].current.life;
                    self.model.die(life.domain, ExitKind::Panic);
                    // After the crash the object is opened again at once, for the next caller. This must work even if
                    // the object was opened through another object of the same domain.
                    assert_eq!(self.open_again(id), Ok(()));
                }
            }
            1 | 2 => {
                let value = how as u32;
                let done = self.leaves[at].write(value);
                let log = &self.model.opened[&id].journal;
                if !has_room(log, None, OPENED_LOG) {
                    assert_eq!(done, Err(RpcError::ReplayLogFull));
                    return;
                }
                let expected = self.reopen(id, false);
                assert_eq!(done, expected);
                if let Some(opened) = self.model.opened.get_mut(&id)
                    && expected.is_ok()
                {
                    opened.value = value;
                    opened.journal.push(Recorded {
                        by: None,
                        value,
                        deadly: false,
                    });
                }
            }
            _ => {
                let read = self.leaves[at].read();
                let expected = self.reopen(id, false);
                let value = self.model.opened[&id].value;
                assert_eq!(read, expected.map(|()| (object, value)));
                // The proxy must count as alive exactly as long as the current object behind it lives.
                let lives = self.model.lives(self.model.opened[&id].current.life);
                assert_eq!(
                    self.leaves[at].is_alive(),
                    lives,
                    "whether an opened object lives"
                );
            }
        }
    }

    fn open_inside(&mut self, n: Numbers) {
        if !self.alive(n.domain) {
            return;
        }
        let id = self.harmless();
        let kept_before = self.domains[n.domain].info().host_bytes;
        let proxy = self.fresh(n.domain);
        let opened = self.cuttable(|| proxy.open_patron(id));
        if self.was_cut && (opened.is_err() || !self.alive(n.domain)) {
            // If the caller was cut, its proxy to the object that was opened is gone.
            self.collect_all();
            return;
        }
        let Some(name) = self.model.nodes[n.domain].patron else {
            assert_eq!(opened, Ok(()));
            return;
        };
        let life = self.model.life(n.domain);
        if opened == Err(RpcError::HostQuota) {
            assert!(
                kept_before > HOST_QUOTA / 2,
                "quota refused with only {kept_before} bytes kept"
            );
            return;
        }
        // If the domain is its own patron, it is on the chain already, further out. Then it drops no objects before
        // the inner call.
        if name.domain != n.domain {
            self.collect_for(name);
        }
        match self.revive(name) {
            Ok(()) => {
                assert_eq!(opened, Ok(()));
                let held = self.opened(name.domain, id, Some(life), Through::Name(name));
                self.model.nodes[n.domain].leaves.push(held);
            }
            Err(error) => assert_eq!(opened, Err(error)),
        }
    }

    /// The host opens an object, hands it to the domain, makes the domain's `lobby` return it again, and so on. The
    /// ways back must not form a chain that grows.
    fn knit(&mut self, n: Numbers) {
        let Some((at, name)) = self.any_shadow(n.which) else {
            return;
        };
        let same = self.model.nodes[name.domain].service == name.service;
        if !same || !self.alive(name.domain) {
            return;
        }
        self.collect_all();
        if !self.alive(name.domain) || !self.model.nodes[name.domain].leaves.is_empty() {
            return;
        }
        let (first, second) = (self.harmless(), self.harmless());
        let shadow = &self.shadows[at].0;
        let opened = |opened: Result<Proxy<dyn Leaf>, RpcError>| {
            opened.unwrap_or_else(|error| panic!("{error}"))
        };
        let mut leaf = opened(shadow.lobby(first));
        for _ in 0..n.how * 4 {
            assert_eq!(self.fresh(name.domain).keep(leaf), Ok(()));
            leaf = opened(shadow.lobby(0));
        }
        let other = opened(shadow.open(second));
        let own = Through::Name(name);
        self.opened(name.domain, first, None, own);
        self.opened(name.domain, second, None, own);
        self.kill(Numbers {
            domain: name.domain,
            ..n
        });
        assert_eq!(other.read(), Ok((second, 0)));
        self.model.born(name.domain);
        self.exported(name.domain, second);
        // The first object's way back now leads to the second object, which has a way back of its own. This must fail
        // once, and then a new object is opened.
        assert_eq!(self.fresh(name.domain).keep(other), Ok(()));
        assert_eq!(leaf.read().map(drop), Err(RpcError::RecoveryFailed));
        assert_eq!(leaf.read(), Ok((first, 0)));
        self.exported(name.domain, first);
        drop(leaf);
        self.model.close_unheld();
        // The second object has no proxy any more, and a call that may return objects has made the domain drop it.
        self.model.nodes[name.domain]
            .exported
            .retain(|object| object.id != second);
    }

    /// Checks that the host keeps a bounded number of bytes on behalf of a domain, and that the bytes match the
    /// domain's records.
    pub(crate) fn check_kept(&self, domain: usize, kept: usize) {
        if !self.alive(domain) {
            return;
        }
        assert!(
            kept <= HOST_QUOTA,
            "the host keeps {kept} bytes for one domain"
        );
        let life = Some(self.model.life(domain));
        let recorded = |journal: &[Recorded]| journal.iter().filter(|call| call.by == life).count();
        let given_up = |lives: &[Life]| lives.iter().filter(|of| Some(**of) == life).count();
        let records: usize = self
            .model
            .nodes
            .iter()
            .map(|node| recorded(&node.journal) + given_up(&node.given_up))
            .sum();
        let opened = self.model.opened.values();
        let ways: usize = opened
            .map(|opened| {
                usize::from(opened.by == life && opened.has_way) + recorded(&opened.journal)
            })
            .sum();
        let count = records + ways;
        assert!(
            kept >= count * OVERHEAD,
            "{count} records are charged with only {kept} bytes"
        );
        assert!(
            // `count` leaves out the records of stopped services. The host keeps such a record as long as there is a
            // handle on the service.
            kept <= count * MOST_EACH || self.stopped_services_held(),
            "{kept} bytes are kept for {count} records"
        );
    }

    /// Whether a handle on a stopped service is left anywhere: a shadow, an opened object or a published name.
    fn stopped_services_held(&self) -> bool {
        let nodes = &self.model.nodes;
        let patrons = nodes.iter().filter_map(|node| node.patron);
        let shadows = self.shadows.iter().map(|(_, name)| *name);
        let opened = self
            .model
            .opened
            .keys()
            .filter_map(|id| self.model.server(*id));
        let published = self.published.iter().flatten().copied();
        patrons
            .chain(shadows)
            .chain(opened)
            .chain(published)
            .any(|name| nodes[name.domain].service != name.service)
    }
}
