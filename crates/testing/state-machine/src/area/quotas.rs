//! Steps with quotas. A domain can make objects up to its limit and no more. Objects that others hand to it are
//! accepted up to twice the limit.

use super::{Kind, kind};
use crate::area::objects::Objects;
use crate::model::item::{Item, Known};
use crate::runner::Machine;
use crate::step::Numbers;
use samara_domain::RpcError;
use samara_shared_heap::quota::Limits;
use samara_testkit::hosted::{limit as set_limits, limit_bytes, owner_of};

pub(crate) const KINDS: &[Kind] = &[
    kind("limit bytes", 3, Machine::limit_bytes),
    kind("limit objects", 2, Machine::limit_objects),
    kind("hand over much", 2, Machine::overfill),
    kind("take much", 2, Machine::pull),
];

impl Machine {
    /// Checks that the limit in bytes is exact.
    fn limit_bytes(&mut self, n: Numbers) {
        if !self.alive(n.domain) {
            return;
        }
        let owner = owner_of(&self.domains[n.domain]);
        let limit = self.model.census(n.domain).bytes + n.which * 4;
        limit_bytes(owner, Some(limit));
        for how in n.how..n.how + 6 {
            let parts: usize = Known::parts(how).iter().sum();
            let fits = self.model.census(n.domain).bytes + parts <= limit;
            self.make_limited(n.domain, how, fits);
        }
        limit_bytes(owner, None);
    }

    fn limit_objects(&mut self, n: Numbers) {
        if !self.alive(n.domain) {
            return;
        }
        let owner = owner_of(&self.domains[n.domain]);
        let count = |machine: &Self| {
            let has = machine.model.census(n.domain);
            has.objects + has.capabilities
        };
        let limit = count(self) + n.which % 8;
        let objects = Some(limit);
        set_limits(
            owner,
            Limits {
                bytes: None,
                objects,
            },
        );
        for how in n.how..n.how + 6 {
            let fits = count(self) + Known::parts(how).len() <= limit;
            self.make_limited(n.domain, how, fits);
        }
        limit_bytes(owner, None);
    }

    fn make_limited(&mut self, domain: usize, how: usize, fits: bool) {
        let tag = self.tag();
        let made = self.fresh(domain).make(how, tag);
        assert_eq!(
            made,
            Ok(fits),
            "whether an item of kind {how} fits the limit"
        );
        if fits {
            self.model.nodes[domain].items.push(Known::of(how, tag));
        }
    }

    /// The host hands items to a domain with a limit. An item is accepted if with it the domain has at most twice its
    /// limit.
    fn overfill(&mut self, n: Numbers) {
        if !self.alive(n.domain) {
            return;
        }
        let owner = owner_of(&self.domains[n.domain]);
        let limit = self.model.census(n.domain).bytes + n.which;
        limit_bytes(owner, Some(limit));
        for how in n.how..n.how + 8 {
            // `how` chooses the kind of the item. An item counts with the bytes of all its slots.
            let tag = self.tag();
            let known = Known::of(how, tag);
            let item = Item::make(how, tag).unwrap_or_else(|error| panic!("{error}"));
            let after = self.model.census(n.domain).bytes + known.counts.bytes;
            let expected = if after <= 2 * limit {
                Ok(())
            } else {
                Err(RpcError::OverQuota)
            };
            assert_eq!(
                self.fresh(n.domain).put(item),
                expected,
                "{after} bytes with a limit of {limit}"
            );
            if expected.is_ok() {
                self.model.nodes[n.domain].items.push(known);
            }
        }
        limit_bytes(owner, None);
    }

    /// A domain with a limit takes its peer's items. Once it has twice its limit, it cannot make a call that may
    /// return an object to it.
    fn pull(&mut self, n: Numbers) {
        let Some(peer) = self.model.nodes[n.domain].peer else {
            return;
        };
        if !self.alive(n.domain) || peer.domain == n.domain || !self.model.lives(peer) {
            return;
        }
        // Gives the peer some more items, two of them large.
        for how in [n.how, Known::LARGE, Known::LARGE] {
            self.make_inside(Numbers {
                domain: peer.domain,
                how,
                ..n
            });
        }
        let owner = owner_of(&self.domains[n.domain]);
        // Leaves room for the copy of the proxy to its peer that the domain makes.
        let handle = self.model.units.handle.bytes;
        let limit = self.model.census(n.domain).bytes + handle + n.which;
        limit_bytes(owner, Some(limit));
        let pulled = self.fresh(n.domain).pull();
        limit_bytes(owner, None);
        let mut count = 0;
        let why = loop {
            let has = self.model.census(n.domain).bytes + handle;
            if has >= 2 * limit {
                break Some(RpcError::OverQuota);
            }
            self.model.collect(peer.domain);
            if !self.model.lives(peer) {
                break Some(RpcError::Dead);
            }
            let items = &mut self.model.nodes[peer.domain].items;
            if items.is_empty() {
                break None;
            }
            let known = items.swap_remove(0);
            self.model.nodes[n.domain].items.push(known);
            count += 1;
        };
        assert_eq!(pulled, Ok((count, why)));
    }
}
