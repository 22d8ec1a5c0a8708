//! Steps with objects: they are made, moved, lent and dropped.

use super::{Kind, kind};
use crate::census::{NOTHING, add};
use crate::model::End;
use crate::model::item::{Item, Known};
use crate::node::{HostResource, with};
use crate::runner::{MOST, Machine, end_of};
use crate::step::Numbers;
use samara_domain::{Proxy, RRef, RpcError, interface};
use samara_domain_runtime::ExitKind;
use samara_shared_heap::Owner;
use std::sync::Mutex;

pub(crate) const KINDS: &[Kind] = &[
    kind("make", 4, |m, n| m.make(n.how)),
    kind("drop", 2, |m, n| drop(m.take_from_hand(n.which))),
    kind("put", 6, Machine::put),
    kind("take", 4, Machine::take),
    kind("make inside", 4, Machine::make_inside),
    kind("drop inside", 2, Machine::discard),
    kind("pass", 4, Machine::pass),
    kind("lend", 3, Machine::lend),
];

#[interface]
pub(crate) trait Objects {
    fn put(&self, item: Item) -> Result<(), RpcError>;
    /// Returns the item in place `at`. The last item of the list moves to that place.
    fn take(&self, at: usize) -> Result<Item, RpcError>;
    /// Makes an item. Returns whether there was room for it.
    fn make(&self, how: usize, tag: u64) -> Result<bool, RpcError>;
    fn discard(&self, at: usize) -> Result<(), RpcError>;
    /// Moves the item in place `at` to the peer.
    fn pass(&self, at: usize) -> Result<(), RpcError>;
    fn look(&self, item: &RRef<[u64; 5]>, panic: bool) -> Result<u64, RpcError>;
    fn count(&self) -> Result<usize, RpcError>;
    /// Returns the first item of the list, if there is one.
    fn take_any(&self) -> Result<Option<Item>, RpcError>;
    /// Takes the peer's items until the peer has none left, or a call fails. Returns the number of items that it
    /// took, and the error, if there was one.
    fn pull(&self) -> Result<(usize, Option<RpcError>), RpcError>;
    /// Returns the numbers of objects, bytes and capabilities of all items.
    fn inventory(&self) -> Result<(usize, usize, usize), RpcError>;
}

/// The items that a domain has.
#[derive(Debug, Default)]
pub(crate) struct Items(Mutex<Vec<Item>>);

impl Objects for HostResource {
    fn put(&self, mut item: Item) -> Result<(), RpcError> {
        item.stir();
        with(&self.items.0, |items| items.push(item));
        Ok(())
    }
    fn take(&self, at: usize) -> Result<Item, RpcError> {
        Ok(with(&self.items.0, |items| items.swap_remove(at)))
    }
    fn make(&self, how: usize, tag: u64) -> Result<bool, RpcError> {
        match Item::make(how, tag) {
            Ok(item) => self.put(item).map(|()| true),
            Err(_) => Ok(false),
        }
    }
    fn discard(&self, at: usize) -> Result<(), RpcError> {
        self.take(at).map(drop)
    }
    fn pass(&self, at: usize) -> Result<(), RpcError> {
        let peer = self.peer()?;
        let item = self.take(at)?;
        match peer {
            Some(peer) => peer.put(item),
            None => self.put(item),
        }
    }
    fn look(&self, item: &RRef<[u64; 5]>, panic: bool) -> Result<u64, RpcError> {
        assert!(!panic, "asked to");
        Ok(item[4])
    }
    fn count(&self) -> Result<usize, RpcError> {
        Ok(with(&self.items.0, |items| items.len()))
    }
    fn take_any(&self) -> Result<Option<Item>, RpcError> {
        Ok(with(&self.items.0, |items| {
            (!items.is_empty()).then(|| items.swap_remove(0))
        }))
    }
    fn pull(&self) -> Result<(usize, Option<RpcError>), RpcError> {
        let Some(peer) = self.peer()? else {
            return Ok((0, None));
        };
        let mut pulled = 0;
        loop {
            match peer.take_any() {
                Ok(Some(item)) => self.put(item)?,
                Ok(None) => return Ok((pulled, None)),
                Err(error) => return Ok((pulled, Some(error))),
            }
            pulled += 1;
        }
    }
    fn inventory(&self) -> Result<(usize, usize, usize), RpcError> {
        let mut sum = NOTHING;
        with(&self.items.0, |items| {
            items.iter().for_each(|item| add(&mut sum, item.counts()));
        });
        Ok((sum.objects, sum.bytes, sum.capabilities))
    }
}

impl Machine {
    fn make(&mut self, how: usize) {
        if self.hand.len() < MOST {
            let tag = self.tag();
            let item = Item::make(how, tag).unwrap_or_else(|error| panic!("{error}"));
            self.hand.push((item, Known::of(how, tag)));
        }
    }

    pub(crate) fn take_from_hand(&mut self, which: usize) -> Option<(Item, Known)> {
        let at = which.checked_rem(self.hand.len())?;
        let (mut item, known) = self.hand.swap_remove(at);
        assert!(
            item.is(known.tag),
            "an object that the host holds has changed"
        );
        item.stir();
        Some((item, known))
    }

    fn put(&mut self, n: Numbers) {
        let Some((item, known)) = self.take_from_hand(n.which) else {
            return;
        };
        let proxy = self.fresh(n.domain);
        let ended = end_of(&self.cuttable(|| proxy.put(item)));
        let expected = self.answer(n.domain);
        self.ended(ended, expected);
        if ended == End::Ok {
            self.model.nodes[n.domain].items.push(known);
        }
    }

    /// Returns the index of one of the domain's items, if the domain is alive and has items.
    pub(crate) fn place(&self, domain: usize, which: usize) -> Option<usize> {
        let node = &self.model.nodes[domain];
        if node.alive {
            which.checked_rem(node.items.len())
        } else {
            None
        }
    }

    fn take(&mut self, n: Numbers) {
        let Some(at) = self.place(n.domain, n.which) else {
            return;
        };
        let known = self.model.nodes[n.domain].items.swap_remove(at);
        let died = self.model.collect(n.domain);
        let proxy = self.fresh(n.domain);
        let taken = self.cuttable(|| proxy.take(at));
        self.ended(end_of(&taken), if died { End::Dead } else { End::Ok });
        let Ok(item) = taken else { return };
        assert!(item.is(known.tag), "an object changed inside a domain");
        if self.hand.len() < MOST {
            self.hand.push((item, known));
        }
    }

    pub(crate) fn make_inside(&mut self, n: Numbers) {
        let tag = self.tag();
        let proxy = self.fresh(n.domain);
        let made = self.cuttable(|| proxy.make(n.how, tag));
        let expected = self.answer(n.domain);
        self.ended(end_of(&made), expected);
        if made.is_ok() {
            assert_eq!(made, Ok(true));
            self.model.nodes[n.domain].items.push(Known::of(n.how, tag));
        }
    }

    fn discard(&mut self, n: Numbers) {
        if let Some(at) = self.place(n.domain, n.which) {
            self.model.nodes[n.domain].items.swap_remove(at);
            let proxy = self.fresh(n.domain);
            let ended = end_of(&self.cuttable(|| proxy.discard(at)));
            self.ended(ended, End::Ok);
        }
    }

    fn pass(&mut self, n: Numbers) {
        let Some(at) = self.place(n.domain, n.which) else {
            return;
        };
        let known = self.model.nodes[n.domain].items.swap_remove(at);
        let own = self.model.life(n.domain);
        let to = self.model.nodes[n.domain].peer.unwrap_or(own);
        let proxy = self.fresh(n.domain);
        let ended = end_of(&self.cuttable(|| proxy.pass(at)));
        let expected = if self.model.lives(to) {
            End::Ok
        } else {
            End::Dead
        };
        self.ended(ended, expected);
        if ended == End::Ok {
            self.model.nodes[to.domain].items.push(known);
        }
    }

    /// Lends an object to the domain. In one of four steps the domain panics while it borrows the object.
    fn lend(&mut self, n: Numbers) {
        let tag = self.tag();
        let lent = RRef::new([tag; 5]);
        let panics = n.how.is_multiple_of(4);
        let proxy: Proxy<_> = self.fresh(n.domain);
        let seen = self.cuttable(|| proxy.look(&lent, panics));
        assert_eq!((*lent, RRef::owner(&lent)), ([tag; 5], Owner::HOST));
        let expected = match (self.alive(n.domain), panics) {
            (false, _) => End::Dead,
            (true, true) => End::Crashed,
            (true, false) => End::Ok,
        };
        self.ended(end_of(&seen), expected);
        if expected == End::Crashed {
            self.model.die(n.domain, ExitKind::Panic);
        }
        assert_eq!(seen.unwrap_or(tag), tag);
    }
}
