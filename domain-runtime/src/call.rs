//! Entering a domain and coming back, whatever happens inside.
//!
//! Protocol (D4): bump the own shard's entries; load the state; go in only if it is exactly the
//! expected generation and state; on the way out bump the exits of the *same* counter. Increments
//! and the loads after them are SeqCst: either the reaper sees the entry, or the entry sees that
//! the domain is dead. No lock, no shared line, no allocation.

use crate::control::{self, ControlBlock, Counter};
use crate::host;
use crate::primitive::atomic::Ordering::SeqCst;
use crate::reason::{ExitKind, ExitReason};
use crate::state::{State, Word};
use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::{self, MaybeUninit};
use samara_rref::{Exchangeable, Transfer};
use samara_shared_heap::Owner;
#[cfg(samara_outlined)]
use samara_shared_heap::thread::NoCut as Moving;
#[cfg(not(samara_outlined))]
use samara_shared_heap::thread::OnlyNoCut as Moving;
use samara_shared_heap::thread::{self, Frame, ThreadSlot};

/// One generation of a domain in one state: what an entry demands.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    block: &'static ControlBlock,
    expected: Word,
}

impl Target {
    /// Entries that demand exactly `expected` of `block`.
    #[inline]
    #[must_use]
    pub const fn new(block: &'static ControlBlock, expected: Word) -> Self {
        Self { block, expected }
    }

    /// The control block.
    #[inline]
    #[must_use]
    pub const fn block(&self) -> &'static ControlBlock {
        self.block
    }

    /// The demanded generation and state.
    #[inline]
    #[must_use]
    pub const fn expected(&self) -> Word {
        self.expected
    }

    /// Whether both are the same state of the same generation.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.expected == other.expected && core::ptr::eq(self.block, other.block)
    }

    /// Whether an activation of this generation is on the running thread's chain.
    #[must_use]
    pub fn is_on_own_chain(&self) -> bool {
        let mut at = thread::current().top();
        // SAFETY: frames on the chain are valid while the thread is above them.
        while let Some(frame) = unsafe { at.as_ref() } {
            if frame.owner() == self.block.owner() {
                // SAFETY: a frame that is not the host's begins an activation.
                let activation = unsafe { &*at.cast::<Activation>() };
                if activation.target.expected.generation() == self.expected.generation() {
                    return true;
                }
            }
            at = frame.prev();
        }
        false
    }
}

/// One call in progress on a thread's chain. A frame whose owner is not the host begins one.
#[derive(Debug)]
#[repr(C)]
struct Activation {
    frame: Frame,
    target: Target,
}

/// For whom the thread runs, as a target: what an exported object's proxies enter.
pub(crate) fn exporter() -> Target {
    let thread = thread::current();
    let block = control::block(thread.owner());
    if thread.owner().is_host() {
        return Target::new(block, block.word());
    }
    // SAFETY: the top frame is not the host's: it begins an activation.
    let target = unsafe { (*thread.top().cast::<Activation>()).target };
    // Also in `init`: it can be entered once that has returned.
    let running = Word::new(target.expected.generation(), State::Running);
    Target::new(block, running)
}

/// Why an entry gave no result.
#[derive(Debug)]
pub enum Failure<A> {
    /// The domain is not in the expected state: the arguments come back, nothing was executed.
    Refused(A),
    /// The domain died of what it executed; the arguments were its own by then.
    Crashed,
}

/// Calls `body` inside the target with `arguments`, which become its own; the result becomes the
/// caller's. A panic inside ends here and is the domain's death.
///
/// Does not return if the *caller's* domain died meanwhile: the thread then unwinds to the boundary
/// through which it entered the caller.
///
/// Cost (happy path): two locked additions on the CPU's own line, two loads of the state.
///
/// # Errors
/// See [`Failure`].
///
/// # Safety
/// `body` runs the target's own code only, and what it captures may be lent to the target for the
/// length of the call.
#[inline]
pub unsafe fn enter<A: Exchangeable, R: Exchangeable>(
    target: Target,
    arguments: A,
    body: impl FnOnce(A) -> R,
) -> Result<R, Failure<A>> {
    const {
        // What holds something is asked of its parts, where it is transferred.
        let () = A::NO_DESTRUCTOR_OF_ITS_OWN;
        let () = R::NO_DESTRUCTOR_OF_ITS_OWN;
    }
    let thread = thread::current();
    let (below, caller) = (thread.top(), thread.owner());
    let counter = target.block.counter(thread.shard());
    let leaving = Leaving::new(below);
    // The record stands inside: a cut lands in the frame that holds it, as if `body` had raised. While
    // the thread is in that very frame it is not cut, so nothing here needs a mark but what may be
    // called: what moves, and, without optimisation, everything (`Outlined`).
    let inside = || {
        let activation = Activation {
            frame: Frame::new(target.block.owner(), below),
            target,
        };
        let mark = Outlined::begin(thread);
        // SAFETY: the activation lives until the top is replaced below, or by `on_unwind` before its
        // frame is given up. The thread does nothing for the target before it is let in.
        unsafe { thread.set_top((&raw const activation).cast()) };
        counter.entries.fetch_add(1, SeqCst);
        if target.block.word() != target.expected {
            counter.exits.fetch_add(1, SeqCst);
            // SAFETY: this was the top before; the callers below still run.
            unsafe { thread.set_top(below) };
            return Err(arguments);
        }
        let on_unwind = OnUnwind {
            thread,
            leaving: &leaving,
        };
        if A::NESTED {
            let _no_cut = Moving::begin(thread);
            // SAFETY: the arguments go to `body`, which is the target's code.
            arguments.transfer(&unsafe { Transfer::to(target.block.owner()) });
        }
        drop(mark);
        let result = body(arguments);
        let mark = Outlined::begin(thread);
        if R::NESTED {
            let _no_cut = Moving::begin(thread);
            // SAFETY: the result goes to the caller.
            result.transfer(&unsafe { Transfer::to(caller) });
        }
        mem::forget(on_unwind);
        counter.exits.fetch_add(1, SeqCst);
        // SAFETY: as above.
        unsafe { thread.set_top(below) };
        drop(mark);
        Ok(result)
    };
    let result = match samara_unwind::catch(inside) {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(arguments)) => Err(Failure::Refused(arguments)),
        Err(payload) => {
            crashed(thread, target, counter, &leaving, payload);
            Err(Failure::Crashed)
        }
    };
    if target.block.word() != target.expected {
        left_dying(target);
    }
    return_to_caller(thread, caller);
    result
}

/// The frame under which a thread leaves a domain that died: the host's, below which its caller's is.
/// Filled in when that comes to pass.
struct Leaving {
    below: *const Frame,
    frame: Cell<MaybeUninit<Frame>>,
}

impl Leaving {
    #[inline]
    const fn new(below: *const Frame) -> Self {
        Self {
            below,
            frame: Cell::new(MaybeUninit::uninit()),
        }
    }

    /// From here on the thread acts for the host, on its way out.
    fn begin(&self, thread: &ThreadSlot) {
        let host = Frame::new(Owner::HOST, self.below);
        self.frame.set(MaybeUninit::new(host));
        // SAFETY: `enter` keeps this until it has put the caller's frame back on top; what runs until
        // then is the runtime.
        unsafe { thread.set_top(self.frame.as_ptr().cast()) };
    }
}

/// Takes the activation off before its frame is unwound.
struct OnUnwind<'a> {
    thread: &'a ThreadSlot,
    leaving: &'a Leaving,
}

impl Drop for OnUnwind<'_> {
    fn drop(&mut self) {
        self.leaving.begin(self.thread);
    }
}

/// A no-cut mark where the compiler does not expand in place what `enter` is made of: elsewhere it is
/// seen by the frame that trusted code runs in, and the mark would cost two stores.
struct Outlined<'a>(
    #[cfg(samara_outlined)] samara_shared_heap::thread::NoCut<'a>,
    PhantomData<&'a ThreadSlot>,
);

impl<'a> Outlined<'a> {
    #[inline(always)]
    fn begin(_thread: &'a ThreadSlot) -> Self {
        Self(
            #[cfg(samara_outlined)]
            samara_shared_heap::thread::NoCut::begin(_thread),
            PhantomData,
        )
    }
}

/// The way out of a domain that died of what it executed.
#[cold]
#[inline(never)]
fn crashed(
    thread: &ThreadSlot,
    target: Target,
    counter: &Counter,
    leaving: &Leaving,
    payload: samara_unwind::Payload,
) {
    leaving.begin(thread);
    let dispose = || {
        let activation = Activation {
            frame: Frame::new(target.block.owner(), leaving.below),
            target,
        };
        let _on_unwind = OnUnwind { thread, leaving };
        // SAFETY: the activation lives until `_on_unwind` replaces the top; the exit is not counted
        // yet, so the thread may act for the target.
        unsafe { thread.set_top((&raw const activation).cast()) };
        // It is the domain's: its destructor runs here, still inside.
        payload.dispose();
    };
    if let Err(second) = samara_unwind::catch(dispose) {
        // Cut: what it carried, if anything, goes with the domain.
        mem::forget(second);
    }
    leaving.begin(thread);
    let reason = ExitReason::new(ExitKind::Panic, "");
    target.block.die(target.expected.generation(), reason);
    counter.exits.fetch_add(1, SeqCst);
    // SAFETY: this was the top before; the callers below still run.
    unsafe { thread.set_top(leaving.below) };
}

#[cold]
fn left_dying(target: Target) {
    if matches!(
        target.block.word().state(),
        State::Stopping | State::Draining
    ) {
        host::wake_reaper();
    }
}

/// The generation for which the running thread acts; `None` for the host.
#[cfg(feature = "alloc")]
pub(crate) fn current_target() -> Option<Target> {
    let thread = thread::current();
    if thread.owner().is_host() {
        return None;
    }
    // SAFETY: the top frame is valid, and not the host's: it begins an activation.
    Some(unsafe { (*thread.top().cast::<Activation>()).target })
}

/// A boundary: does not return if the domain for which the thread acts is dead.
#[cfg(feature = "alloc")]
pub(crate) fn checkpoint() {
    let thread = thread::current();
    return_to_caller(thread, thread.owner());
}

/// Goes back into the caller only if it is alive.
#[inline]
fn return_to_caller(thread: &ThreadSlot, caller: Owner) {
    if caller.is_host() {
        return;
    }
    // SAFETY: the top frame is the caller's, valid, and not the host's: it begins an activation.
    let target = unsafe { (*thread.top().cast::<Activation>()).target };
    if target.block.word() != target.expected {
        caller_changed(target);
    }
}

#[cold]
fn caller_changed(target: Target) {
    // A caller that drains still runs to its end.
    let word = target.block.word();
    let dead = word.generation() != target.expected.generation()
        || matches!(
            word.state(),
            State::Stopping | State::Reclaiming | State::Free
        );
    // While the thread unwinds it is on its way to the boundary anyway.
    if dead && !samara_unwind::is_unwinding() {
        samara_unwind::raise();
    }
}
