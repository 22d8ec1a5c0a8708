//! Steps with a resource that all domains share: the groups of batches. A domain that takes as many groups as it can
//! must leave enough for the others.

use super::{Kind, kind};
use crate::node::{HostResource, with};
use crate::runner::Machine;
use crate::step::Numbers;
use samara_domain::{RRefDeque, RpcError, interface};
use samara_shared_heap::group;
use samara_testkit::hosted::groups_left;
use std::sync::{Mutex, PoisonError};

pub(crate) const KINDS: &[Kind] = &[kind("hoard", 1, Machine::hoard)];

/// The number of batches that a greedy domain makes: as many as there are groups.
const MANY: usize = group::GROUPS;

/// The number of groups that must be left after two domains have taken as many as they can. It is only a quarter:
/// when fewer than half of all groups are left, a domain may still open groups up to its share, and other domains may
/// hold groups too.
const LEFT: usize = group::GROUPS / 4;

type Batch = RRefDeque<u64, 1>;

#[interface]
pub(crate) trait Scarce {
    /// Makes `count` batches, and keeps them or hands them to its peer. Each batch opens a group if the domain may
    /// still open one.
    fn hoard(&self, count: usize, hands_on: bool) -> Result<(), RpcError>;
    fn keep_batch(&self, batch: Batch) -> Result<(), RpcError>;
    /// Drops all batches that the domain has.
    fn release(&self) -> Result<(), RpcError>;
}

/// The batches that a domain has hoarded.
#[derive(Debug, Default)]
pub(crate) struct Hoard(Mutex<Vec<Batch>>);

impl Scarce for HostResource {
    fn hoard(&self, count: usize, hands_on: bool) -> Result<(), RpcError> {
        let peer = if hands_on { self.peer()? } else { None };
        for _ in 0..count {
            let batch = Batch::try_new()?;
            match &peer {
                Some(peer) => peer.keep_batch(batch)?,
                None => self.keep_batch(batch)?,
            }
        }
        Ok(())
    }
    fn keep_batch(&self, batch: Batch) -> Result<(), RpcError> {
        with(&self.hoard.0, |batches| batches.push(batch));
        Ok(())
    }
    fn release(&self) -> Result<(), RpcError> {
        let batches = with(&self.hoard.0, std::mem::take);
        drop(batches);
        Ok(())
    }
}

impl Machine {
    /// Two domains, one after the other, take all groups that they can get, and keep them or hand them to their
    /// peers.
    fn hoard(&mut self, n: Numbers) {
        // All machines of the process share the groups, so only one machine at a time may count them.
        static COUNTING: Mutex<()> = Mutex::new(());
        let hands_on = n.how.is_multiple_of(2);
        let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut holders = Vec::new();
        for domain in [n.domain, (n.domain + 1) % self.domains.len()] {
            let own = self.model.life(domain);
            let holder = match self.model.nodes[domain].peer {
                Some(peer) if hands_on => peer,
                _ => own,
            };
            if self.alive(domain) && self.model.lives(holder) {
                assert_eq!(self.fresh(domain).hoard(MANY, hands_on), Ok(()));
                holders.push(holder.domain);
            }
        }
        let left = groups_left();
        assert!(
            left >= LEFT,
            "two domains leave {left} groups for all others"
        );
        for domain in holders {
            assert_eq!(self.fresh(domain).release(), Ok(()));
        }
    }
}
