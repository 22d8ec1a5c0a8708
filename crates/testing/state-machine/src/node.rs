//! The machine's domains. They have one interface, whose parts are in the files of the areas.

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
    /// Keeps a proxy to another domain, in place of the previous one.
    fn learn(&self, peer: Proxy<dyn Node>) -> Result<(), RpcError>;
    /// Keeps a shadow of a domain (its patron), in place of the previous one.
    fn trust(&self, patron: Shadow<dyn Node>) -> Result<(), RpcError>;
}

/// How a generation starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
pub(crate) enum Start {
    /// It starts.
    Well,
    /// `init` returns an error.
    Fails,
    /// `init` returns an error after it has made objects and spawned a thread.
    FailsLate,
    /// `init` panics.
    Panics,
    /// `init` returns an error whose `Display` panics.
    FailsSpeechless,
    /// A hook of the host runs in `init`, and it usually kills the domain.
    Killed,
}

thread_local! {
    /// The hook that runs as the host in the next `init` with [`Start::Killed`] on this thread.
    static IN_INIT: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// Sets the hook that runs as the host in the next `init` with [`Start::Killed`] on this thread.
pub(crate) fn in_init(hook: impl FnOnce() + 'static) {
    IN_INIT.set(Some(Box::new(hook)));
}

/// Everything that a domain keeps.
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
            // If the hook has killed the domain, this result has no effect.
            return Ok(kept);
        }
    }
    Err(InitError::Asked)
}

impl HostResource {
    /// Returns a copy of the proxy to the peer, so that no lock is held during a call.
    pub(crate) fn peer(&self) -> Result<Option<Proxy<dyn Node>>, RpcError> {
        with(&self.peer, |peer| match peer {
            Some(peer) => Ok(Some(peer.try_clone()?)),
            None => Ok(None),
        })
    }

    /// Returns a copy of the shadow of the patron, so that no lock is held during a call.
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
