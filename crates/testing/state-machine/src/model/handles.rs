//! Handles on exported and opened objects, as the reference model records them.

use super::{Life, Model, Name, Recorded};
use crate::census::times;
use samara_domain_runtime::ExitKind;
use samara_shared_heap::heap::Census;

/// The census of each kind of handle, as measured when the machine began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Units {
    /// The census of a domain that keeps nothing.
    pub(crate) base: Census,
    /// A proxy.
    pub(crate) handle: Census,
    /// A shadow.
    pub(crate) shadow: Census,
    /// An exported object.
    pub(crate) object: Census,
}

/// A proxy to an exported object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// A proxy that is dead once the generation that exported the object is dead.
    Plain(Leaf),
    /// A proxy to an opened object, with the number of the object. After a death the object is opened again.
    Opened(u64),
}

/// An exported object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) id: u64,
    pub(crate) life: Life,
}

/// The host's record of an object that a `#[replay]` call has opened.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// The object that is behind the proxy now: the one that was opened last.
    pub(crate) current: Leaf,
    /// The domain that opened it; `None` is the host.
    pub(crate) by: Option<Life>,
    /// Whether the object has a way back, by which it can be opened again after its server's death. The way back ends
    /// with the death of the opener.
    pub(crate) has_way: bool,
    pub(crate) through: Through,
    pub(crate) journal: Vec<Recorded>,
    /// The value to which the current object was set.
    pub(crate) value: u32,
}

/// The handle through which an object was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Through {
    /// A shadow.
    Name(Name),
    /// An opened object.
    Opened(u64),
}

impl Model {
    /// Drops the records of opened objects to which no proxy is left.
    pub(crate) fn close_unheld(&mut self) {
        let mut held: Vec<u64> = Vec::new();
        let all = self
            .nodes
            .iter()
            .flat_map(|node| node.leaves.iter().chain(&node.lost_leaves));
        for leaf in all.chain(&self.leaves) {
            let mut at = *leaf;
            // An opened object that has a way back also keeps alive the record of the object through which it was
            // opened.
            while let Held::Opened(id) = at {
                held.push(id);
                match self.opened.get(&id) {
                    Some(Opened {
                        has_way: true,
                        through: Through::Opened(above),
                        ..
                    }) => at = Held::Opened(*above),
                    _ => break,
                }
            }
        }
        self.opened.retain(|id, _| held.contains(id));
    }

    /// Whether any proxy to the exported object is left.
    fn is_held(&self, object: Leaf) -> bool {
        let is_it = |held: &Held| matches!(held, Held::Plain(leaf) if *leaf == object);
        self.leaves.iter().any(is_it)
            || self.opened.values().any(|opened| opened.current == object)
            || self
                .nodes
                .iter()
                .any(|node| node.leaves.iter().chain(&node.lost_leaves).any(is_it))
    }

    /// Models a collection: drops those exported objects of the domain that have no proxy left. Returns whether the
    /// domain dies because the destructor of one of them panics.
    pub(crate) fn collect(&mut self, domain: usize) -> bool {
        self.close_unheld();
        let exported = self.nodes[domain].exported.clone();
        let life = self.life(domain);
        let (kept, dropped): (Vec<_>, Vec<_>) = exported.into_iter().partition(|object| {
            self.is_held(Leaf {
                id: object.id,
                life,
            })
        });
        let dies = dropped.iter().any(|object| object.bomb);
        self.nodes[domain].exported = kept;
        if dies {
            self.die(domain, ExitKind::Panic);
        }
        dies
    }

    /// Returns the census of the host's proxies to exported objects. The host's records of opened objects add
    /// nothing, because they take no slot of the shared heap.
    pub(crate) fn host_handles(&self) -> Census {
        times(self.units.handle, self.leaves.len())
    }

    /// Returns the service that an opened object belongs to.
    pub(crate) fn server(&self, id: u64) -> Option<Name> {
        let mut through = self.opened.get(&id)?.through;
        loop {
            match through {
                Through::Name(name) => return Some(name),
                Through::Opened(id) => through = self.opened.get(&id)?.through,
            }
        }
    }
}
