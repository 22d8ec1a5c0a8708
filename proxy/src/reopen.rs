//! Proxies that stay valid across a restart: the call that made them is made again.
//!
//! The way back belongs to the domain that opened the object: it pays for it, and the way ends with it. A proxy
//! that it has handed on by then is an ordinary one.

use crate::Proxy;
use crate::invoke::until_done;
use crate::proxy::Unslotted;
use crate::source::{Attempts, Source};
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::marker::PhantomData;
use core::{mem, ptr};
use samara_domain_runtime::call::{Target, call_opaque};
use samara_domain_runtime::journal::Journal;
use samara_domain_runtime::kept::{self, Charge, Kept, Party, Payer};
use samara_domain_runtime::stack::Moves;
use samara_domain_runtime::state::State;
use samara_domain_runtime::vain::at_askers_expense;
use samara_domain_runtime::{Instance, Interface, RpcError};
use samara_rref::Exchangeable;
use samara_shared_heap::NoCutMutex;
use samara_shared_heap::thread::{self, NoCut};

/// How many `#[replay]` calls are recorded at most of one opened object.
const REPLAY_LOG: usize = 16;

/// How many objects may be opened through each other. A recovery and a drop follow the whole chain on the
/// running thread's stack, and a server that hands out dead objects costs attempts at every link.
const DEPTH: usize = 4;

/// How an object is opened again.
trait Open<I: ?Sized + Interface>: Send + Sync {
    fn open(&self, attempts: &mut Attempts) -> Result<Proxy<I>, RpcError>;
}

/// An opened object over the generations of its server.
///
/// This is all that is left of it once its opener has ended: no more than the slot that a holder pays for.
pub(crate) struct Recovery<I: ?Sized + Interface> {
    /// The newest object. It does not recover itself, so there are no chains of these.
    current: NoCutMutex<Unslotted<I>>,
    /// `None` once the domain that opened it has ended, or its own record has ended the object.
    way: NoCutMutex<Option<Arc<Way<I>>>>,
}

/// The way back to an opened object, and what the domain that opened it pays for it.
struct Way<I: ?Sized + Interface> {
    opening: Box<dyn Open<I>>,
    journal: Journal<I>,
    /// Through how many objects it was opened, itself included.
    depth: usize,
    charge: Charge,
}

impl<I: ?Sized + Interface> Recovery<I> {
    const IS_PAID_BY_ITS_HOLDER: () = assert!(kept::shared::<Self>() <= Proxy::<I>::SLOT_BYTES);

    /// How the object is opened again, if that is possible still. For the host alone: who is cut with it in its hands
    /// leaks it.
    fn way(&self) -> Option<Arc<Way<I>>> {
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
unsafe impl<I: ?Sized + Interface> Kept for Recovery<I> {
    fn end(&self, _: Party) {
        self.end_way();
    }
}

/// What proxies of the same opened object share.
pub(crate) type Shared<I> = Arc<Recovery<I>>;

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

/// The call that opens an object: where, with what.
struct Opening<P: ?Sized, S, A, F> {
    source: Arc<S>,
    arguments: A,
    body: F,
    of: PhantomData<fn(&P)>,
}

// SAFETY: the arguments are `Copy` and exchangeable: plain data without cells, borrows or pointers.
unsafe impl<P: ?Sized, S: Send + Sync, A: Exchangeable + Copy, F: Sync> Sync
    for Opening<P, S, A, F>
{
}

impl<P: ?Sized, S, A: Exchangeable + Copy, F> Opening<P, S, A, F> {
    /// One on the heap, as the host: `arguments` are copied there, since the stack may not have room for them once more.
    fn keep(source: Arc<S>, arguments: &A, body: F) -> Box<Self> {
        let mut opening = Box::<Self>::new_uninit();
        let place = opening.as_mut_ptr();
        // SAFETY: a field of the box's memory.
        let at = unsafe { &raw mut (*place).source };
        // SAFETY: as above.
        unsafe { at.write(source) };
        // SAFETY: as above.
        let at = unsafe { &raw mut (*place).arguments };
        // SAFETY: `Copy`, to memory of its type.
        unsafe { ptr::copy_nonoverlapping(arguments, at, 1) };
        // SAFETY: as above.
        let at = unsafe { &raw mut (*place).body };
        // SAFETY: as above.
        unsafe { at.write(body) };
        // SAFETY: all that has a size was written.
        unsafe { opening.assume_init() }
    }
}

impl<P, S, A, F, I, E> Open<I> for Opening<P, S, A, F>
where
    P: ?Sized + Interface,
    S: Source<P>,
    A: Exchangeable + Copy,
    F: Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    fn open(&self, attempts: &mut Attempts) -> Result<Proxy<I>, RpcError> {
        // The server's own reason has no place in the caller's error type. It stays inside, and none is
        // made of an `RpcError`: that is the interface's code, and the thread acts for the host.
        // The arguments are lent: they do not lie on the stack of the host that opens, and the copies that are made in there have
        // been asked room for.
        let body = |object: &P, ()| {
            call_opaque(|| {
                (self.body)(object, self.arguments).map_err(|_| RpcError::RecoveryFailed)
            })
        };
        // SAFETY: whoever opened it first vouched for the body.
        let opened = unsafe {
            attempt::<fn(A) -> Result<Proxy<I>, E>, _, _, _, _>(
                &*self.source,
                (),
                Some(attempts),
                body,
            )
        };
        opened.map_err(|error| match error {
            // No answer of the server's.
            RpcError::StackExhausted => error,
            _ => RpcError::RecoveryFailed,
        })
    }
}

/// Opens an object, as part of the call whose `attempts` those are, or as a call of its own.
///
/// # Safety
/// As for [`open_shadow`](crate::open::open_shadow).
unsafe fn attempt<M, P, A, I, E>(
    source: &impl Source<P>,
    arguments: A,
    mut attempts: Option<&mut Attempts>,
    body: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy,
) -> Result<Proxy<I>, E>
where
    M: Moves,
    P: ?Sized + Interface,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    let again = || Some(Ok(arguments));
    let recover = |own: &mut Attempts, dead, failure, refusal| {
        let attempts = attempts.as_deref_mut().unwrap_or(own);
        attempts.next(source, dead, failure, refusal, again)
    };
    // SAFETY: handed on.
    unsafe {
        until_done::<M, _, _, _>(
            thread::current(),
            None,
            source.instance(),
            arguments,
            recover,
            body,
        )
    }
}

/// Opens an object through `source`, and wraps its proxy; one that recovers already is given as it is.
///
/// # Safety
/// As for [`invoke_replay`](crate::invoke::invoke_replay).
pub(crate) unsafe fn open_through<P, A, I, E>(
    source: &Arc<impl Source<P>>,
    arguments: A,
    body: impl Fn(&P, A) -> Result<Proxy<I>, E> + Copy + Send + Sync + 'static,
) -> Result<Proxy<I>, E>
where
    P: ?Sized + Interface,
    A: Exchangeable + Copy,
    I: ?Sized + Interface,
    E: Exchangeable + From<RpcError>,
{
    let () = Recovery::<I>::IS_PAID_BY_ITS_HOLDER;
    let depth = source.depth() + 1;
    if depth > DEPTH {
        return Err(RpcError::ReplayLogFull.into());
    }
    let kept = kept::shared::<Recovery<I>>()
        + kept::shared::<Way<I>>()
        + kept::block::<Opening<P, (), A, ()>>()
        + Journal::<I>::BYTES;
    let charge = Payer::current().charge(kept)?;
    // SAFETY: handed on.
    let proxy = unsafe {
        attempt::<fn(A) -> Result<Proxy<I>, E>, _, _, _, _>(&**source, arguments, None, body)
    }?;
    if proxy.recovery().is_some() {
        return Ok(proxy);
    }
    let wrap = || {
        // SAFETY: it goes into the recovery, which is the host's.
        let object = unsafe { proxy.unslotted() }?;
        let opening = Opening::keep(Arc::clone(source), &arguments, body);
        Some(Arc::new_cyclic(|this: &Weak<Recovery<I>>| {
            charge.ends(Weak::clone(this) as Weak<dyn Kept>);
            let way = Way {
                opening,
                journal: Journal::new(REPLAY_LOG),
                depth,
                charge,
            };
            Recovery {
                // SAFETY: read, and replaced by another that is not dropped under the lock.
                current: unsafe { NoCutMutex::new(object) },
                // SAFETY: copied and taken.
                way: unsafe { NoCutMutex::new(Some(Arc::new(way))) },
            }
        }))
    };
    let opened = {
        // What is the host's has no slot yet: a cut would leak it.
        // SAFETY: what follows is trusted code, to the end of this block.
        let _no_cut = unsafe { NoCut::begin(thread::current()) };
        // SAFETY: trusted code: it makes what the host keeps of the object.
        unsafe { thread::as_host(wrap) }.map(Proxy::recovering)
    };
    let opened = opened.ok_or(RpcError::RecoveryFailed)?;
    opened.map_err(|error| RpcError::from(error).into())
}
