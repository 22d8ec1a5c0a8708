//! Steps with forgotten handles (`mem::forget`). No destructor runs for them, and only the domain's reclaim releases
//! them.

use super::{Kind, kind};
use crate::area::exports::open;
use crate::census::{add, one};
use crate::model::End;
use crate::model::handles::Held;
use crate::model::item::{Item, Known};
use crate::node::{HostResource, with};
use crate::runner::{Machine, end_of};
use crate::step::Numbers;
use samara_domain::{RRef, RRefDeque, RpcError, interface};
use std::mem;

pub(crate) const KINDS: &[Kind] = &[
    kind("forget item", 2, Machine::forget_item),
    kind("forget leaf", 2, Machine::forget_leaf),
    kind("forget half", 1, Machine::forget_half),
];

#[interface]
pub(crate) trait Forgets {
    fn forget_item(&self, how: usize, tag: u64) -> Result<(), RpcError>;
    /// Forgets the proxy in place `at`. If `at` is `None`, exports a new object and forgets the proxy to it.
    fn forget_leaf(&self, at: Option<usize>, id: u64) -> Result<(), RpcError>;
    /// Forgets an iterator over a batch, and a member that was taken out of the batch.
    fn forget_half(&self, tag: u64) -> Result<(), RpcError>;
}

impl Forgets for HostResource {
    fn forget_item(&self, how: usize, tag: u64) -> Result<(), RpcError> {
        mem::forget(Item::make(how, tag)?);
        Ok(())
    }
    fn forget_leaf(&self, at: Option<usize>, id: u64) -> Result<(), RpcError> {
        let leaf = match at {
            Some(at) => with(&self.leaves.0, |leaves| leaves.swap_remove(at)),
            None => open(id)?,
        };
        mem::forget(leaf);
        Ok(())
    }
    fn forget_half(&self, tag: u64) -> Result<(), RpcError> {
        let mut batch = RRefDeque::<u64, 3>::try_new()?;
        for _ in 0..3 {
            let member = RRef::try_new(tag).map_err(|(error, _)| error)?;
            assert!(
                batch.push_back(member).is_ok(),
                "a batch has less room than it says"
            );
        }
        let mut members = batch.iter();
        assert!(members.next().is_some_and(|member| **member == tag));
        mem::forget(members);
        mem::forget(batch.pop_front());
        Ok(())
    }
}

impl Machine {
    fn forget_item(&mut self, n: Numbers) {
        let tag = self.tag();
        let proxy = self.fresh(n.domain);
        let forgot = end_of(&self.cuttable(|| proxy.forget_item(n.how, tag)));
        let expected = self.answer(n.domain);
        self.ended(forgot, expected);
        if forgot == End::Ok {
            let lost = &mut self.model.nodes[n.domain].lost;
            add(lost, Known::of(n.how, tag).counts);
        }
    }

    fn forget_leaf(&mut self, n: Numbers) {
        let at = self.leaf_inside(n.domain, n.which);
        let id = self.tag();
        let proxy = self.fresh(n.domain);
        let forgot = end_of(&self.cuttable(|| proxy.forget_leaf(at, id)));
        let expected = self.answer(n.domain);
        self.ended(forgot, expected);
        if forgot == End::Ok && self.alive(n.domain) {
            let held = match at {
                Some(at) => self.model.nodes[n.domain].leaves.swap_remove(at),
                None => Held::Plain(self.exported(n.domain, id)),
            };
            self.model.nodes[n.domain].lost_leaves.push(held);
        }
    }

    fn forget_half(&mut self, n: Numbers) {
        let tag = self.tag();
        let proxy = self.fresh(n.domain);
        let forgot = end_of(&self.cuttable(|| proxy.forget_half(tag)));
        let expected = self.answer(n.domain);
        self.ended(forgot, expected);
        if forgot == End::Ok {
            add(&mut self.model.nodes[n.domain].lost, one::<u64>());
        }
    }
}
