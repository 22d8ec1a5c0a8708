//! The reference model: what every domain has, as plain data.

use crate::item::Known;
use samara_shared_heap::heap::Census;

/// One generation of one of the machine's domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) domain: usize,
    pub(crate) number: u32,
}

/// How a call ends, as far as its caller can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ok,
    Dead,
    Crashed,
}

/// What the model knows of a domain.
#[derive(Clone, Debug, Default)]
pub(crate) struct Node {
    pub(crate) number: u32,
    pub(crate) alive: bool,
    /// What it has besides its items and its peer.
    pub(crate) base: Census,
    pub(crate) items: Vec<Known>,
    pub(crate) peer: Option<Life>,
}

pub(crate) fn add(sum: &mut Census, more: Census) {
    sum.objects += more.objects;
    sum.bytes += more.bytes;
    sum.capabilities += more.capabilities;
}

impl Node {
    /// What a census of it must say. `proxy` is what a proxy counts for.
    pub(crate) fn census(&self, proxy: Census) -> Census {
        let mut sum = Census::default();
        if self.alive {
            add(&mut sum, self.base);
            self.items
                .iter()
                .for_each(|item| add(&mut sum, item.counts));
            if self.peer.is_some() {
                add(&mut sum, proxy);
            }
        }
        sum
    }

    pub(crate) fn die(&mut self) {
        self.alive = false;
        self.items.clear();
        self.peer = None;
    }
}

/// All domains of a machine.
#[derive(Debug, Default)]
pub(crate) struct Model(pub(crate) Vec<Node>);

impl Model {
    pub(crate) fn lives(&self, life: Life) -> bool {
        let node = &self.0[life.domain];
        node.alive && node.number == life.number
    }

    /// A chain that enters `life` and goes on for `hops` peers. `end` is done at the end, with the
    /// domain that is there.
    pub(crate) fn chain(
        &mut self,
        life: Life,
        hops: usize,
        end: &mut dyn FnMut(&mut Self, usize) -> End,
    ) -> End {
        if !self.lives(life) {
            return End::Dead;
        }
        let next = if hops > 0 {
            self.0[life.domain].peer
        } else {
            None
        };
        let Some(next) = next else {
            return end(self, life.domain);
        };
        let inner = self.chain(next, hops - 1, end);
        // Whoever died meanwhile is cut when its callee returns.
        if self.lives(life) {
            inner
        } else {
            End::Crashed
        }
    }
}
