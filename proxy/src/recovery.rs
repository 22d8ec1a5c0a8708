//! Proxies that stay valid across a restart: the call that made them is made again.
//!
//! The way back belongs to the domain that opened the object: it pays for it, and the way ends with it. A proxy
//! that it has handed on by then is an ordinary one.

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

/// How many `#[replay]` calls are recorded at most of one opened object.
const REPLAY_LOG: usize = 16;

/// How an object is opened again.
pub(crate) trait Open<I: ?Sized + Interface>: Send + Sync {
    fn open(&self, attempts: &mut Attempts) -> Result<Proxy<I>, RpcError>;
}

/// An opened object over the generations of its server.
///
/// This is all that is left of it once its opener has ended: no more than the slot that a holder pays for.
pub struct Recovery<I: ?Sized + Interface> {
    /// The newest object. It does not recover itself, so there are no chains of these.
    current: NoCutMutex<Unslotted<I>>,
    /// `None` once the domain that opened it has ended, or its own record has ended the object.
    way: NoCutMutex<Option<Arc<Reopener<I>>>>,
}

/// The way back to an opened object, and what the domain that opened it pays for it.
struct Reopener<I: ?Sized + Interface> {
    opening: Box<dyn Open<I>>,
    journal: Journal<I>,
    /// Through how many objects it was opened, itself included.
    depth: usize,
    charge: Charge,
}

impl<I: ?Sized + Interface> Recovery<I> {
    /// Bytes that the way back takes beside `opening`, of those that its opener pays for.
    pub(crate) const BYTES: usize = host_charges::shared::<Self>()
        + host_charges::shared::<Reopener<I>>()
        + Journal::<I>::BYTES;

    const IS_PAID_BY_ITS_HOLDER: () =
        assert!(host_charges::shared::<Self>() <= Proxy::<I>::SLOT_BYTES);

    /// What `object` recovers by: `opening`, through `depth` objects, paid for by `charge`. Made as the host.
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
                // SAFETY: read, and replaced by another that is not dropped under the lock.
                current: unsafe { NoCutMutex::new(object) },
                // SAFETY: copied and taken.
                way: unsafe { NoCutMutex::new(Some(Arc::new(way))) },
            }
        })
    }

    /// How the object is opened again, if that is possible still. For the host alone: who is cut with it in its hands
    /// leaks it.
    fn way(&self) -> Option<Arc<Reopener<I>>> {
        self.way.lock().clone()
    }

    fn end_way(&self) {
        let way = self.way.lock().take();
        drop(way);
    }

    /// Opens the object again, with all that is recorded of it. A record that can't be made again is given up with all
    /// that its domain has recorded; the opener's own ends the object.
    ///
    /// # Safety
    /// Called as the host.
    unsafe fn open_again(&self, attempts: &mut Attempts) -> Result<Unslotted<I>, RpcError> {
        let way = self.way().ok_or(RpcError::Dead)?;
        loop {
            let proxy = way.opening.open(attempts)?;
            // Not another's way back, which the server was handed: kept here it would make a chain of them.
            // SAFETY: as the caller says.
            let object = unsafe { proxy.unslotted() }.ok_or(RpcError::RecoveryFailed)?;
            let Err(failed) = way.journal.replay(object.instance()) else {
                return Ok(object);
            };
            if !way.journal.give_up(failed) {
                return Err(failed.error);
            }
            if failed.recorder == way.charge.party() {
                self.end_way();
                return Err(RpcError::RecoveryFailed);
            }
            attempts.in_vain()?;
        }
    }
}

// SAFETY: a way is arguments without a destructor, and references to what is the host's.
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
        // Given up only if no entry is let in ever again: copies of the current place may still be
        // entered with.
        if word == target.expected() {
            // The host's object: its panic was contained, and it lives.
            return Err(RpcError::Crashed);
        }
        if word.generation() == target.expected().generation() && word.state() == State::Starting {
            return Err(RpcError::Dead);
        }
        let reopen = || {
            // SAFETY: as below.
            let object = unsafe { self.open_again(attempts) }?;
            // Another thread may have opened it as well meanwhile: the first one counts.
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
        // SAFETY: opening enters the server for the host, and what it gives is the host's; no other
        // domain's code runs. An error is plain.
        unsafe { at_askers_expense(reopen) }
    }

    fn with_journal<R>(&self, action: impl FnOnce(&Journal<I>) -> R) -> Option<R> {
        let run = || self.way().map(|way| action(&way.journal));
        // SAFETY: journals are trusted code; what they allocate is the host's.
        unsafe { thread::as_host(run) }
    }

    fn depth(&self) -> usize {
        // SAFETY: a number is read.
        unsafe { thread::as_host(|| self.way().map_or(0, |way| way.depth)) }
    }
}

/// Whether two are objects of the same generation: what is dead of one is dead of the other.
fn same(a: Target, b: Target) -> bool {
    ptr::eq(a.block(), b.block()) && a.expected() == b.expected()
}
