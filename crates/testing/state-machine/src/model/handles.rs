//! Handles on exported and opened objects, as the model knows them.

use super::{Life, Model, Name, Recorded};
use crate::census::times;
use samara_domain_runtime::ExitKind;
use samara_shared_heap::heap::Census;

/// What handles count for, as measured when the machine began.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Units {
    /// A domain that keeps nothing.
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
    /// It dies with the generation that exported the object.
    Plain(Leaf),
    /// It recovers: the number of the opened object.
    Opened(u64),
}

/// An exported object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) id: u64,
    pub(crate) life: Life,
}

/// An object that a `#[replay]` call has opened: what the host keeps of it.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// Its object of the newest generation in which it was opened.
    pub(crate) current: Leaf,
    /// Who opened it; `None` is the host.
    pub(crate) by: Option<Life>,
    /// Whether it can be opened again: not after the end of who opened it.
    pub(crate) has_way: bool,
    pub(crate) through: Through,
    pub(crate) journal: Vec<Recorded>,
    /// What its current object was set to.
    pub(crate) value: u32,
}

/// Through what an object was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Through {
    /// A shadow.
    Name(Name),
    /// An opened object.
    Opened(u64),
}

impl Model {
    /// Drops what the host keeps of opened objects that nobody has a proxy to any more.
    pub(crate) fn close_unheld(&mut self) {
        let mut held: Vec<u64> = Vec::new();
        let all = self
            .nodes
            .iter()
            .flat_map(|node| node.leaves.iter().chain(&node.lost_leaves));
        for leaf in all.chain(&self.leaves) {
            let mut at = *leaf;
            // With its way back it keeps what it was opened through.
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

    /// Whether anybody has a proxy to the exported object.
    fn is_held(&self, object: Leaf) -> bool {
        let is_it = |held: &Held| matches!(held, Held::Plain(leaf) if *leaf == object);
        self.leaves.iter().any(is_it)
            || self.opened.values().any(|opened| opened.current == object)
            || self
                .nodes
                .iter()
                .any(|node| node.leaves.iter().chain(&node.lost_leaves).any(is_it))
    }

    /// The domain drops the objects that it has exported and nobody has any more. True if it dies of it.
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

    /// What the host holds: proxies. An opened object has no slot of the host's.
    pub(crate) fn host_handles(&self) -> Census {
        times(self.units.handle, self.leaves.len())
    }

    /// The name behind an opened object.
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
