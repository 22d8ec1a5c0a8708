//! Proxies that stay valid across a restart, because the call that handed them out is made again.
//!
//! The way back to an object belongs to the domain that opened the object: that domain pays for it, and it ends with
//! that domain. If the domain had passed the proxy on to another domain, the proxy no longer recovers from then on.

use crate::proxy::{Proxy, Unslotted};
use crate::source::{Attempts, Source};
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::{mem, ptr};
use samara_domain_runtime::call::Target;
use samara_domain_runtime::failed_requests::at_askers_expense;
use samara_domain_runtime::host_charges::{self, Charge, HostResource, Principal};
use samara_domain_runtime::journal::Journal;
use samara_domain_runtime::state::State;
use samara_domain_runtime::{Instance, Interface, RpcError};
use samara_shared_heap::NoCutMutex;
use samara_shared_heap::thread;

/// The most `#[replay]` calls that are recorded for one opened object.
const REPLAY_LOG: usize = 16;

/// A call that opens an object again.
pub(crate) trait Open<I: ?Sized + Interface>: Send + Sync {
    fn open(&self, attempts: &mut Attempts) -> Result<Proxy<I>, RpcError>;
}

/// An opened object over the generations of its server.
///
/// Once the opener has ended, only this structure is left of the recovery. It is no larger than the slot for which
/// the holder of a proxy pays.
pub struct Recovery<I: ?Sized + Interface> {
    /// The newest object. Its own proxy does not recover, so recoveries form no chains.
    current: NoCutMutex<Unslotted<I>>,
    /// The way back to the object. `None` once the domain that opened it has ended, or once one of that domain's
    /// recorded calls could not be made again, which ends the object.
    way: NoCutMutex<Option<Arc<Reopener<I>>>>,
}

/// The way back to an opened object, and the charge by which the domain that opened it pays for it.
struct Reopener<I: ?Sized + Interface> {
    opening: Box<dyn Open<I>>,
    journal: Journal<I>,
    /// The length of the chain of objects through which it was opened, itself included.
    depth: usize,
    charge: Charge,
}

impl<I: ?Sized + Interface> Recovery<I> {
    /// The bytes that the way back takes besides `opening`, as the opener is charged for them.
    pub(crate) const BYTES: usize = host_charges::shared::<Self>()
        + host_charges::shared::<Reopener<I>>()
        + Journal::<I>::BYTES;

    const IS_PAID_BY_ITS_HOLDER: () =
        assert!(host_charges::shared::<Self>() <= Proxy::<I>::SLOT_BYTES);

    /// Makes the recovery of `object` by `opening`, through `depth` objects, paid for by `charge`. Called as the
    /// host.
    pub(crate) fn new(
        object: Unslotted<I>,
        opening: Box<dyn Open<I>>,
        depth: usize,
        charge: Charge,
    ) -> Arc<Self> {
        let () = Self::IS_PAID_BY_ITS_HOLDER;
        Arc::new_cyclic(|this: &Weak<Self>| {
            charge.ends(Weak::clone(this) as Weak<dyn HostResource>);
            let way = Reopener {
                opening,
                journal: Journal::new(REPLAY_LOG),
                depth,
                charge,
            };
            Self {
                // SAFETY: the lock is held while the object is read or replaced. The replaced object is dropped after
                // the lock was released (ORDER-54).
                current: unsafe { NoCutMutex::new(object) },
                // SAFETY: the lock is held while the reference is copied or taken (ORDER-54).
                way: unsafe { NoCutMutex::new(Some(Arc::new(way))) },
            }
        })
    }

    /// Returns the way back to the object, if there still is one. Called only as the host, because a thread that is
    /// cut while it holds the result would leak it.
    fn way(&self) -> Option<Arc<Reopener<I>>> {
        self.way.lock().clone()
    }

    fn end_way(&self) {
        let way = self.way.lock().take();
        drop(way);
    }

    /// Opens the object again and makes the calls that are recorded for it. If a recorded call fails, all calls that
    /// its domain has recorded are given up. If that domain is the opener, this also ends the object.
    ///
    /// # Safety
    /// Called as the host.
    unsafe fn open_again(&self, attempts: &mut Attempts) -> Result<Unslotted<I>, RpcError> {
        let way = self.way().ok_or(RpcError::Dead)?;
        loop {
            let proxy = way.opening.open(attempts)?;
            // A proxy that itself recovers, such as one that was passed to the server, is refused, because it would
            // make a chain of recoveries here.
            // SAFETY: the caller acts for the host.
            let object = unsafe { proxy.unslotted() }.ok_or(RpcError::RecoveryFailed)?;
            let Err(failed) = way.journal.replay(object.instance()) else {
                return Ok(object);
            };
            if !way.journal.give_up(failed) {
                return Err(failed.error);
            }
            if failed.recorder == way.charge.principal() {
                self.end_way();
                return Err(RpcError::RecoveryFailed);
            }
            attempts.in_vain()?;
        }
    }
}

// SAFETY: a way back holds arguments without a destructor, and references to values of the host (AUTH-5).
unsafe impl<I: ?Sized + Interface> HostResource for Recovery<I> {
    fn end(&self, _: Principal) {
        self.end_way();
    }
}

impl<I: ?Sized + Interface> Source<I> for Recovery<I> {
    fn instance(&self) -> Instance<I> {
        self.current.lock().instance()
    }

    fn recover(&self, target: Target, attempts: &mut Attempts) -> Result<(), RpcError> {
        if !same(self.instance().target(), target) {
            return Ok(());
        }
        let word = target.block().word();
        // The object is replaced only if no entry to it will be let in any more, because another thread may still
        // enter by a copy of its current place.
        if word == target.expected() {
            // The domain is alive after a crashed call only if it is the host: a panic in the host's object was
            // contained, and the host lives on.
            return Err(RpcError::Crashed);
        }
        if word.generation() == target.expected().generation() && word.state() == State::Starting {
            return Err(RpcError::Dead);
        }
        let reopen = || {
            // SAFETY: as below.
            let object = unsafe { self.open_again(attempts) }?;
            // Another thread may have opened the object meanwhile. The first new object counts.
            let spare = {
                let mut current = self.current.lock();
                if same(current.instance().target(), target) {
                    mem::replace(&mut *current, object)
                } else {
                    object
                }
            };
            drop(spare);
            Ok(())
        };
        // SAFETY: opening enters the server on behalf of the host, and the host owns the returned object. No other
        // domain's code runs. An error is plain data (EXPORT-12).
        unsafe { at_askers_expense(reopen) }
    }

    fn with_journal<R>(&self, action: impl FnOnce(&Journal<I>) -> R) -> Option<R> {
        let run = || self.way().map(|way| action(&way.journal));
        // SAFETY: journals are trusted code; their allocations are the host's (AUTH-8).
        unsafe { thread::as_host(run) }
    }

    fn depth(&self) -> usize {
        // SAFETY: this only reads a number (AUTH-8).
        unsafe { thread::as_host(|| self.way().map_or(0, |way| way.depth)) }
    }
}

/// Whether `a` and `b` are the same state of the same generation, so that one is dead if the other is.
fn same(a: Target, b: Target) -> bool {
    ptr::eq(a.block(), b.block()) && a.expected() == b.expected()
}
