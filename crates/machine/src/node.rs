//! What the domains are.

use crate::item::Item;
use samara_proxy::{Proxy, RpcError, interface};
use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};

/// What happens when an item has come to the end of a chain.
pub(crate) const RETURN: u64 = 0;
pub(crate) const PANIC: u64 = 1;
pub(crate) const HOOK: u64 = 2;

#[interface]
pub(crate) trait Node {
    fn put(&self, item: Item) -> Result<(), RpcError>;
    /// The item in place `at`; the last one takes its place.
    fn take(&self, at: usize) -> Result<Item, RpcError>;
    /// Whether there was room for it.
    fn make(&self, how: usize, tag: u64) -> Result<bool, RpcError>;
    fn discard(&self, at: usize) -> Result<(), RpcError>;
    /// Moves the item in place `at` to the peer.
    fn pass(&self, at: usize) -> Result<(), RpcError>;
    fn look(&self, item: &samara_rref::RRef<[u64; 5]>, panic: bool) -> Result<u64, RpcError>;
    /// Sends the item on along `hops` peers, and back.
    fn chain(&self, item: Item, hops: usize, end: u64) -> Result<Item, RpcError>;
    fn learn(&self, peer: Proxy<dyn Node>) -> Result<(), RpcError>;
    fn count(&self) -> Result<usize, RpcError>;
    /// The oldest item, if there is one.
    fn take_any(&self) -> Result<Option<Item>, RpcError>;
    /// Objects and bytes of all items.
    fn inventory(&self) -> Result<(usize, usize), RpcError>;
}

thread_local! {
    /// What the host does when a chain has come to its end, on the chain's own thread.
    static END: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// Sets what happens at the end of the next chain with [`HOOK`].
pub(crate) fn at_the_end(hook: Option<Box<dyn FnOnce()>>) {
    END.set(hook);
}

#[derive(Debug, Default)]
pub(crate) struct Kept {
    items: Mutex<Vec<Item>>,
    peer: Mutex<Option<Proxy<dyn Node>>>,
}

fn with<T, R>(of: &Mutex<T>, use_it: impl FnOnce(&mut T) -> R) -> R {
    use_it(&mut of.lock().unwrap_or_else(PoisonError::into_inner))
}

pub(crate) fn init((): ()) -> Result<Kept, RpcError> {
    Ok(Kept::default())
}

impl Kept {
    /// A handle of its own on the peer: no lock is held over a call.
    fn peer(&self) -> Result<Option<Proxy<dyn Node>>, RpcError> {
        with(&self.peer, |peer| match peer {
            Some(peer) => Ok(Some(peer.try_clone()?)),
            None => Ok(None),
        })
    }
}

impl Node for Kept {
    fn put(&self, item: Item) -> Result<(), RpcError> {
        with(&self.items, |items| items.push(item));
        Ok(())
    }
    fn take(&self, at: usize) -> Result<Item, RpcError> {
        Ok(with(&self.items, |items| items.swap_remove(at)))
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
    fn look(&self, item: &samara_rref::RRef<[u64; 5]>, panic: bool) -> Result<u64, RpcError> {
        assert!(!panic, "asked to");
        Ok(item[4])
    }
    fn chain(&self, item: Item, hops: usize, end: u64) -> Result<Item, RpcError> {
        let peer = if hops > 0 { self.peer()? } else { None };
        match peer {
            Some(peer) => peer.chain(item, hops - 1, end),
            None => {
                assert_ne!(end, PANIC, "asked to");
                if end == HOOK
                    && let Some(hook) = END.take()
                {
                    hook();
                }
                Ok(item)
            }
        }
    }
    fn learn(&self, peer: Proxy<dyn Node>) -> Result<(), RpcError> {
        let old = with(&self.peer, |known| known.replace(peer));
        drop(old);
        Ok(())
    }
    fn count(&self) -> Result<usize, RpcError> {
        Ok(with(&self.items, |items| items.len()))
    }
    fn take_any(&self) -> Result<Option<Item>, RpcError> {
        Ok(with(&self.items, |items| {
            (!items.is_empty()).then(|| items.swap_remove(0))
        }))
    }
    fn inventory(&self) -> Result<(usize, usize), RpcError> {
        let sum = |(objects, bytes), item: &Item| {
            let counts = item.counts();
            (objects + counts.objects, bytes + counts.bytes)
        };
        Ok(with(&self.items, |items| items.iter().fold((0, 0), sum)))
    }
}
