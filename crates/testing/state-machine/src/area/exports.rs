//! Steps with exported objects. Their proxies are handed out, cloned, sent, used and dropped. After the last proxy is
//! dropped, the exporter drops the object.

use super::{Kind, kind};
use crate::model::handles::{self, Held};
use crate::model::{End, Exported};
use crate::node::{HostResource, with};
use crate::runner::{MOST, Machine, end_of};
use crate::settle::wait_until;
use crate::step::Numbers;
use crate::surface::call;
use samara_domain::{Proxy, RRef, RpcError, interface};
use samara_domain_runtime::{ExitKind, control, exports};
use samara_host_std::runtime;
use samara_shared_heap::Owner;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

pub(crate) const KINDS: &[Kind] = &[
    kind("export", 4, Machine::export),
    kind("export inside", 2, Machine::export_inside),
    kind("clone leaf", 2, Machine::clone_leaf),
    kind("drop leaf", 3, Machine::drop_leaf),
    kind("drop leaf inside", 2, Machine::drop_leaf_inside),
    kind("send leaf", 3, Machine::send_leaf),
    kind("fetch leaf", 3, Machine::fetch_leaf),
    kind("use leaf", 6, Machine::use_leaf),
    kind("export by the host", 1, Machine::export_by_host),
    kind("collect", 2, |m, _| m.collect_all()),
];

/// One in this many objects panics when it is dropped.
const BOMBS: u64 = 16;

#[interface]
pub(crate) trait Leaf {
    #[idempotent]
    fn read(&self) -> Result<(u64, u32), RpcError>;
    #[replay]
    fn write(&self, value: u32) -> Result<(), RpcError>;
    /// Opens another object.
    #[replay]
    fn below(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError>;
    fn fail(&self) -> Result<(), RpcError>;
}

#[interface]
pub(crate) trait Exports {
    fn export(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError>;
    /// Exports an object and keeps the proxy to it.
    fn keep_own(&self, id: u64) -> Result<(), RpcError>;
    fn keep(&self, leaf: Proxy<dyn Leaf>) -> Result<(), RpcError>;
    /// Returns the proxy in place `at`. The last proxy of the list moves to that place.
    fn give(&self, at: usize) -> Result<Proxy<dyn Leaf>, RpcError>;
    fn drop_leaf(&self, at: usize) -> Result<(), RpcError>;
}

/// The proxies to exported objects that a domain keeps.
#[derive(Debug, Default)]
pub(crate) struct Leaves(pub(crate) Mutex<Vec<Proxy<dyn Leaf>>>);

/// The object that domains export. It owns an object in the shared heap.
struct Open {
    id: RRef<u64>,
    value: AtomicU32,
}

impl Drop for Open {
    fn drop(&mut self) {
        assert!(!is_bomb(*self.id), "asked to");
    }
}

pub(crate) fn is_bomb(id: u64) -> bool {
    id % BOMBS == BOMBS - 1
}

pub(crate) fn open(id: u64) -> Result<Proxy<dyn Leaf>, RpcError> {
    let id = RRef::try_new(id).map_err(|(error, _)| error)?;
    let value = AtomicU32::new(0);
    let exported = call!(Proxy::<dyn Leaf>::export::<Open>, Open { id, value });
    exported.map_err(|(error, open)| {
        // The object is forgotten, because its destructor may panic.
        std::mem::forget(open);
        error.into()
    })
}

impl Leaf for Open {
    fn read(&self) -> Result<(u64, u32), RpcError> {
        Ok((*self.id, self.value.load(SeqCst)))
    }
    fn write(&self, value: u32) -> Result<(), RpcError> {
        self.value.store(value, SeqCst);
        Ok(())
    }
    fn below(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError> {
        open(id)
    }
    fn fail(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
}

/// An object that the host exports.
struct Own {
    dropped: Arc<AtomicUsize>,
    panics: bool,
}

impl Drop for Own {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, SeqCst);
        if self.panics {
            // `resume_unwind` panics without a call of the host's panic hook, which would print the panic.
            resume_unwind(Box::new("asked to"));
        }
    }
}

impl Leaf for Own {
    fn read(&self) -> Result<(u64, u32), RpcError> {
        Ok((0, 0))
    }
    fn write(&self, _: u32) -> Result<(), RpcError> {
        Ok(())
    }
    fn below(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError> {
        open(id)
    }
    fn fail(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
}

impl Exports for HostResource {
    fn export(&self, id: u64) -> Result<Proxy<dyn Leaf>, RpcError> {
        open(id)
    }
    fn keep_own(&self, id: u64) -> Result<(), RpcError> {
        self.keep(open(id)?)
    }
    fn keep(&self, leaf: Proxy<dyn Leaf>) -> Result<(), RpcError> {
        with(&self.leaves.0, |leaves| leaves.push(leaf));
        Ok(())
    }
    fn give(&self, at: usize) -> Result<Proxy<dyn Leaf>, RpcError> {
        Ok(with(&self.leaves.0, |leaves| leaves.swap_remove(at)))
    }
    fn drop_leaf(&self, at: usize) -> Result<(), RpcError> {
        self.give(at).map(drop)
    }
}

impl Machine {
    /// Records in the reference model that `domain` has just exported an object.
    pub(crate) fn exported(&mut self, domain: usize, id: u64) -> handles::Leaf {
        let bomb = is_bomb(id);
        self.model.nodes[domain]
            .exported
            .push(Exported { id, bomb });
        let life = self.model.life(domain);
        handles::Leaf { id, life }
    }

    pub(crate) fn keep_leaf(&mut self, leaf: Proxy<dyn Leaf>, held: Held) {
        if self.leaves.len() == MOST {
            self.leaves.remove(0);
            self.model.leaves.remove(0);
        }
        self.leaves.push(leaf);
        self.model.leaves.push(held);
    }

    fn export(&mut self, n: Numbers) {
        self.model.collect(n.domain);
        let (id, proxy) = (self.tag(), self.fresh(n.domain));
        let exported = self.cuttable(|| proxy.export(id));
        let expected = self.answer(n.domain);
        self.ended(end_of(&exported), expected);
        if let Ok(leaf) = exported {
            let held = self.exported(n.domain, id);
            self.keep_leaf(leaf, Held::Plain(held));
        }
    }

    /// Records the effect of [`Exports::keep_own`] in the reference model.
    pub(crate) fn keeps_own(&mut self, domain: usize, id: u64) {
        let held = self.exported(domain, id);
        self.model.nodes[domain].leaves.push(Held::Plain(held));
    }

    fn export_inside(&mut self, n: Numbers) {
        let (id, proxy) = (self.tag(), self.fresh(n.domain));
        let kept = end_of(&self.cuttable(|| proxy.keep_own(id)));
        let expected = self.answer(n.domain);
        self.ended(kept, expected);
        if kept == End::Ok && self.alive(n.domain) {
            self.keeps_own(n.domain, id);
        }
    }

    /// Returns the index of one of the host's proxies to exported objects.
    pub(crate) fn leaf(&self, which: usize) -> Option<usize> {
        which.checked_rem(self.leaves.len())
    }

    fn clone_leaf(&mut self, n: Numbers) {
        if let Some(at) = self.leaf(n.which) {
            let copy = call!(Proxy::<dyn Leaf>::try_clone, &self.leaves[at]);
            let copy = copy.unwrap_or_else(|error| panic!("{error}"));
            self.keep_leaf(copy, self.model.leaves[at]);
        }
    }

    fn drop_leaf(&mut self, n: Numbers) {
        if let Some(at) = self.leaf(n.which) {
            drop(self.leaves.swap_remove(at));
            self.model.leaves.swap_remove(at);
        }
    }

    fn send_leaf(&mut self, n: Numbers) {
        let Some(at) = self.leaf(n.which) else { return };
        let leaf = self.leaves.swap_remove(at);
        let held = self.model.leaves.swap_remove(at);
        let proxy = self.fresh(n.domain);
        let sent = end_of(&self.cuttable(|| proxy.keep(leaf)));
        let expected = self.answer(n.domain);
        self.ended(sent, expected);
        if sent == End::Ok && self.alive(n.domain) {
            self.model.nodes[n.domain].leaves.push(held);
        }
    }

    /// Returns the index of one of the domain's proxies to exported objects, if the domain is alive and has any.
    pub(crate) fn leaf_inside(&self, domain: usize, which: usize) -> Option<usize> {
        let node = &self.model.nodes[domain];
        which.checked_rem(node.leaves.len()).filter(|_| node.alive)
    }

    fn fetch_leaf(&mut self, n: Numbers) {
        let Some(at) = self.leaf_inside(n.domain, n.which) else {
            return;
        };
        let held = self.model.nodes[n.domain].leaves[at];
        let died = self.model.collect(n.domain);
        if !died {
            self.model.nodes[n.domain].leaves.swap_remove(at);
        }
        let proxy = self.fresh(n.domain);
        let given = self.cuttable(|| proxy.give(at));
        self.ended(end_of(&given), if died { End::Dead } else { End::Ok });
        if let Ok(leaf) = given {
            self.keep_leaf(leaf, held);
        }
    }

    fn drop_leaf_inside(&mut self, n: Numbers) {
        let Some(at) = self.leaf_inside(n.domain, n.which) else {
            return;
        };
        self.model.nodes[n.domain].leaves.swap_remove(at);
        let proxy = self.fresh(n.domain);
        let dropped = end_of(&self.cuttable(|| proxy.drop_leaf(at)));
        self.ended(dropped, End::Ok);
    }

    /// Reads from an exported object through one of the host's proxies, or makes it panic.
    fn use_leaf(&mut self, n: Numbers) {
        let Some(at) = self.leaf(n.which) else { return };
        let leaf = match self.model.leaves[at] {
            Held::Opened(id) => return self.use_opened(at, id, n.how),
            Held::Plain(leaf) => leaf,
        };
        let lives = self.model.lives(leaf.life);
        let proxy = &self.leaves[at];
        assert_eq!(
            proxy.is_alive(),
            lives,
            "whether an exported object's exporter lives"
        );
        let fails = n.how.is_multiple_of(8);
        let ended = if fails {
            end_of(&proxy.fail())
        } else {
            let read = proxy.read().map(|(id, _)| id);
            assert_eq!(
                read.unwrap_or(leaf.id),
                leaf.id,
                "the proxy leads to another object"
            );
            end_of(&read)
        };
        let expected = match (lives, fails) {
            (false, _) => End::Dead,
            (true, true) => End::Crashed,
            (true, false) => End::Ok,
        };
        assert_eq!(ended, expected);
        if lives && fails {
            self.model.die(leaf.life.domain, ExitKind::Panic);
        }
    }

    /// The host exports some objects, and some of their destructors panic. Each object must still be dropped exactly
    /// once.
    fn export_by_host(&mut self, n: Numbers) {
        let count = n.how % 6;
        let dropped = Arc::new(AtomicUsize::new(0));
        let export = |at: usize| {
            let dropped = Arc::clone(&dropped);
            let panics = n.which >> at & 1 == 1;
            let exported = Proxy::<dyn Leaf>::export(Own { dropped, panics });
            exported.map_err(|(error, _)| error)
        };
        let exported: Vec<_> = (0..count).map(export).collect();
        assert!(exported.iter().all(Result::is_ok));
        drop(exported);
        // A panicking destructor ends a round of collection, and other machines may collect the host's objects at the
        // same time. So the step collects again and again until all objects are dropped.
        wait_until(
            || format!("the drop of {count} objects, of which {dropped:?} are dropped"),
            || {
                exports::collect(control::block(Owner::HOST));
                dropped.load(SeqCst) == count
            },
        );
    }

    /// Makes each living domain drop those of its exported objects that have no proxy any more.
    pub(crate) fn collect_all(&mut self) {
        for domain in (0..self.domains.len())
            .filter(|domain| self.alive(*domain))
            .collect::<Vec<_>>()
        {
            let target = self.domains[domain].service().current().target();
            let before = self.model.nodes[domain].exported.len();
            let dies = self.model.collect(domain);
            let expected = before - self.model.nodes[domain].exported.len();
            // Collects the objects of this domain only, because other machines may use the process's other domains.
            let dropped = exports::collect_of(target);
            // If the domain has died, its reclaim drops its proxies to other domains' objects. This must happen
            // before the loop counts the objects of those domains.
            runtime().reap();
            // If a destructor panics, the domain dies. Its reclaim frees the remaining objects, whether their
            // destructors ran or not.
            assert!(
                dies || self.was_cut || dropped == expected,
                "{dropped} of {expected} objects were dropped"
            );
        }
    }
}
