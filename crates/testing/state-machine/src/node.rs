//! What the domains are: one interface, whose parts stand beside the steps that call them.

use crate::area::{
    authority::Authority,
    chains::Chains,
    deep::Deep,
    exports::{Exports, Leaves},
    forgotten::Forgets,
    objects::{Items, Objects},
    opened::{Opens, Root},
    scarce::{Hoard, Scarce},
    sizes::Sizes,
    threads::{Parked, Threads},
    values::Values,
};
use samara_domain::{Exchangeable, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::as_host;
use std::cell::RefCell;
use std::fmt;
use std::sync::{Mutex, PoisonError};

#[interface]
pub(crate) trait Node:
    Objects + Authority + Chains + Deep + Exports + Forgets + Opens + Scarce + Sizes + Threads + Values
{
    /// Keeps a handle on another domain, in the place of the one before.
    fn learn(&self, peer: Proxy<dyn Node>) -> Result<(), RpcError>;
    /// Keeps a shadow of a domain.
    fn trust(&self, patron: Shadow<dyn Node>) -> Result<(), RpcError>;
}

/// What a generation starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub(crate) enum Start {
    /// It starts.
    Well,
    /// `init` returns an error.
    Fails,
    /// As above, with objects made and a thread spawned.
    FailsLate,
    /// `init` panics.
    Panics,
    /// `init` returns an error that can't be told.
    FailsSpeechless,
    /// The host kills it while its `init` runs.
    Killed,
}

thread_local! {
    /// What the host does while an `init` runs on this thread.
    static IN_INIT: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// What the host is to do in the next `init` on this thread that is to be killed.
pub(crate) fn in_init(hook: impl FnOnce() + 'static) {
    IN_INIT.set(Some(Box::new(hook)));
}

/// What a domain keeps.
#[derive(Debug, Default)]
pub(crate) struct HostResource {
    pub(crate) items: Items,
    pub(crate) leaves: Leaves,
    pub(crate) root: Root,
    pub(crate) hoard: Hoard,
    pub(crate) threads: Parked,
    peer: Mutex<Option<Proxy<dyn Node>>>,
    patron: Mutex<Option<Shadow<dyn Node>>>,
}

pub(crate) fn with<T, R>(of: &Mutex<T>, use_it: impl FnOnce(&mut T) -> R) -> R {
    use_it(&mut of.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Why `init` fails.
#[derive(Debug)]
pub(crate) enum InitError {
    Asked,
    /// Its `Display` panics.
    Speechless,
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(matches!(self, Self::Asked), "asked to");
        f.write_str("asked to fail")
    }
}

pub(crate) fn init(start: Start) -> Result<HostResource, InitError> {
    let kept = HostResource::default();
    match start {
        Start::Well => return Ok(kept),
        Start::Fails => {}
        Start::FailsLate => {
            let made = kept.make(4, 7);
            let spawned = kept.spawn(0);
            let exported = kept.keep_own(1);
            assert!(made.is_ok() && spawned.is_ok() && exported.is_ok());
        }
        Start::Panics => panic!("asked to"),
        Start::FailsSpeechless => return Err(InitError::Speechless),
        Start::Killed => {
            if let Some(hook) = IN_INIT.take() {
                as_host(hook);
            }
            // To no avail.
            return Ok(kept);
        }
    }
    Err(InitError::Asked)
}

impl HostResource {
    /// A handle of its own on the peer: no lock is held over a call.
    pub(crate) fn peer(&self) -> Result<Option<Proxy<dyn Node>>, RpcError> {
        with(&self.peer, |peer| match peer {
            Some(peer) => Ok(Some(peer.try_clone()?)),
            None => Ok(None),
        })
    }

    /// The same of the shadow.
    pub(crate) fn patron(&self) -> Result<Option<Shadow<dyn Node>>, RpcError> {
        with(&self.patron, |patron| match patron {
            Some(patron) => Ok(Some(patron.try_clone()?)),
            None => Ok(None),
        })
    }
}

impl Node for HostResource {
    fn learn(&self, peer: Proxy<dyn Node>) -> Result<(), RpcError> {
        let old = with(&self.peer, |known| known.replace(peer));
        drop(old);
        Ok(())
    }
    fn trust(&self, patron: Shadow<dyn Node>) -> Result<(), RpcError> {
        let old = with(&self.patron, |known| known.replace(patron));
        drop(old);
        Ok(())
    }
}
