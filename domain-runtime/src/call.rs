//! Entering a domain and coming back, whatever happens inside.
//!
//! Protocol (D4): bump the own shard's entries; load the state; go in only if it is exactly the
//! expected generation and state; on the way out bump the exits of the *same* counter. Increments
//! and the loads after them are SeqCst: either the reaper sees the entry, or the entry sees that
//! the domain is dead. No lock, no shared line, no allocation.

use crate::contain;
use crate::control::{self, ControlBlock, Counter};
use crate::error::RpcError;
use crate::host;
use crate::primitive::atomic::Ordering::SeqCst;
use crate::reason::{ExitKind, ExitReason};
use crate::stack;
use crate::state::{State, Word};
use core::cell::Cell;
use samara_rref::{Exchangeable, Transfer, weigh};
use samara_shared_heap::thread::{self, Frame, ThreadSlot};
use samara_shared_heap::{Owner, marks, quota};

/// One generation of a domain in one state: what an entry demands.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    block: &'static ControlBlock,
    /// The word and, above it, the slot's index: so what an entry looks up by that (counter, quota, posted
    /// objects) waits for one load less. One integer: two fields and padding would go through memory.
    word_and_index: u64,
}

impl Target {
    /// Entries that demand exactly `expected` of `block`.
    #[inline]
    #[must_use]
    pub const fn new(block: &'static ControlBlock, expected: Word) -> Self {
        Self::of(block, block.index(), expected)
    }

    /// [`new`](Self::new) of a block whose index is known.
    #[inline]
    pub(crate) const fn of(block: &'static ControlBlock, index: u8, expected: Word) -> Self {
        Self {
            block,
            word_and_index: (index as u64) << 32 | expected.0 as u64,
        }
    }

    /// The control block.
    #[inline]
    #[must_use]
    pub const fn block(&self) -> &'static ControlBlock {
        self.block
    }

    /// The owner whose slot that is. No load.
    #[inline]
    #[must_use]
    pub const fn owner(&self) -> Owner {
        control::owner(self.index())
    }

    /// The index of that slot.
    #[inline]
    pub(crate) const fn index(&self) -> u8 {
        (self.word_and_index >> 32) as u8
    }

    /// The demanded generation and state.
    #[inline]
    #[must_use]
    pub const fn expected(&self) -> Word {
        Word(self.word_and_index as u32)
    }

    /// Whether the generation is dead. One that drains still runs to its end.
    pub(crate) fn is_dead(&self) -> bool {
        let word = self.block.word();
        word.generation() != self.expected().generation()
            || matches!(
                word.state(),
                State::Stopping | State::Reclaiming | State::Free
            )
    }

    /// Whether both are the same state of the same generation.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.expected() == other.expected() && core::ptr::eq(self.block, other.block)
    }

    /// Whether an activation of this generation is on the running thread's chain.
    #[must_use]
    pub fn is_on_own_chain(&self) -> bool {
        let mut at = thread::current().top();
        // SAFETY: frames on the chain are valid while the thread is above them.
        while let Some(frame) = unsafe { at.as_ref() } {
            if frame.owner() == self.owner() {
                // SAFETY: a frame that is not the host's begins an activation.
                let activation = unsafe { &*at.cast::<Activation>() };
                if activation.target().expected().generation() == self.expected().generation() {
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
pub(crate) struct Activation {
    frame: Frame,
    block: &'static ControlBlock,
    /// The word that was expected and, in the upper half, the microseconds of its budget that ticks
    /// have counted so far: one word, so that a call stores no more than it would without budgets.
    word_and_used: Cell<u64>,
}

/// In place of the word and the time used. No word has all bits set.
const CROSSING: u64 = u64::MAX;

impl Activation {
    #[inline]
    fn new(target: Target, below: *const Frame) -> Self {
        Self {
            frame: Frame::new(target.owner(), below),
            block: target.block,
            word_and_used: Cell::new(target.expected().0.into()),
        }
    }

    /// What was entered.
    #[inline]
    pub(crate) fn target(&self) -> Target {
        let index = self.frame.owner().index() as u8;
        Target::of(self.block, index, Word(self.word_and_used.get() as u32))
    }

    /// From here on the thread is between caller and callee: what follows is the runtime's.
    #[inline]
    pub(crate) fn cross(&self) {
        self.word_and_used.set(CROSSING);
    }

    /// The way in is done: what follows is the callee's.
    #[inline]
    fn arrive(&self, target: Target) {
        self.word_and_used.set(target.expected().0.into());
    }

    /// Whether the thread is on its way in or out: it is neither cut nor counted.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn is_crossing(&self) -> bool {
        self.word_and_used.get() == CROSSING
    }

    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    /// Counts `more` microseconds; how many there are now, at most as many as fit.
    pub(crate) fn use_up(&self, more: u32) -> u32 {
        let both = self.word_and_used.get();
        let used = ((both >> 32) as u32).saturating_add(more);
        let word = u64::from(both as u32);
        self.word_and_used.set(u64::from(used) << 32 | word);
        used
    }
}

/// The innermost activation, if the running thread acts for a domain.
#[inline]
pub(crate) fn innermost(thread: &ThreadSlot) -> Option<&Activation> {
    if thread.owner().is_host() {
        return None;
    }
    // SAFETY: the top frame is valid, and not the host's: it begins an activation. The reference
    // lives no longer than the thread's own slot is looked at.
    Some(unsafe { &*thread.top().cast::<Activation>() })
}

/// The innermost activation, also below frames of the host's.
#[cfg(all(feature = "contain", target_arch = "x86_64"))]
pub(crate) fn nearest(thread: &ThreadSlot) -> Option<&Activation> {
    let mut at = thread.top();
    // SAFETY: frames on the chain are valid while the thread is above them.
    while let Some(frame) = unsafe { at.as_ref() } {
        if !frame.owner().is_host() {
            // SAFETY: a frame that is not the host's begins an activation.
            return Some(unsafe { &*at.cast::<Activation>() });
        }
        at = frame.prev();
    }
    None
}

/// For whom the thread runs, as a target: what an exported object's proxies enter.
pub(crate) fn exporter() -> Target {
    let thread = thread::current();
    let block = control::block(thread.owner());
    if thread.owner().is_host() {
        return Target::new(block, block.word());
    }
    // SAFETY: the top frame is not the host's: it begins an activation.
    let target = unsafe { (*thread.top().cast::<Activation>()).target() };
    // Also in `init`: it can be entered once that has returned.
    let running = Word::new(target.expected().generation(), State::Running);
    Target::new(block, running)
}

/// Why an entry was refused. Apart from [`Failure`], which lies where the result does: with one bit
/// more to tell, the result would be moved once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The domain is not in the expected state.
    Dead,
    /// The arguments would take the domain beyond twice its quota of shared objects.
    OverQuota,
    /// The thread's stack has less room left than the domain asks for.
    StackExhausted,
}

impl From<Refusal> for RpcError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Dead => Self::Dead,
            Refusal::OverQuota => Self::OverQuota,
            Refusal::StackExhausted => Self::StackExhausted,
        }
    }
}

/// Why an entry gave no result.
#[derive(Debug)]
pub enum Failure<A> {
    /// The arguments come back, nothing was executed: see [`Refusal`].
    Refused(A),
    /// The domain died of what it executed; the arguments were its own by then.
    Crashed,
}

/// Whether a call of `thread` may have more to do than to enter: a quota has a say in what it would
/// move, since the receiver has one, or exported objects wait to be dropped. For what moves nothing a
/// constant. One load for each side.
#[inline]
#[must_use]
pub fn is_marked<A: Exchangeable, R: Exchangeable>(thread: &ThreadSlot, target: Target) -> bool {
    let mut found = 0;
    if A::NESTED || R::NESTED {
        found |= marks::of(target.owner());
    }
    // Both count for what moves in and back: no instruction there.
    if !A::NESTED {
        found &= !marks::LIMITED;
    }
    if !R::NESTED {
        found &= !marks::POSTED;
    }
    if R::NESTED {
        found |= marks::of(thread.owner()) & marks::LIMITED;
    }
    found != 0
}

/// Calls `body` inside the target with `arguments`, which become its own; the result becomes the
/// caller's. A panic inside ends here and is the domain's death.
///
/// A receiver far over its quota gets no arguments; a caller with a quota gets its result, which is
/// taken off what it may still allocate. What does not change hands is not counted.
///
/// Does not return if the *caller's* domain died meanwhile: the thread then unwinds to the boundary
/// through which it entered the caller.
///
/// A thread whose stack has less room than the target asks for ([`DomainSpec::stack`](crate::DomainSpec::stack))
/// is refused, or goes on elsewhere if the host's [`StackProbe`](crate::host::StackProbe) has it.
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
    // SAFETY: handed on.
    unsafe {
        enter_on::<true, A, R>(
            thread::current(),
            target,
            arguments,
            body,
            &mut Refusal::Dead,
        )
    }
}

/// [`enter`] on the running `thread`, with or without a look at quotas and at the stack. Who looks
/// beforehand ([`is_marked`], [`is_short`](crate::stack::is_short)) keeps the rare way out of line, as a
/// whole. `refusal` is set when it is not [`Refusal::Dead`].
///
/// # Errors
/// See [`Failure`].
///
/// # Safety
/// As for [`enter`]; without `METERED` the call is none that is metered, nor the stack short.
#[inline(always)]
pub unsafe fn enter_on<const METERED: bool, A: Exchangeable, R: Exchangeable>(
    thread: &ThreadSlot,
    target: Target,
    arguments: A,
    body: impl FnOnce(A) -> R,
    refusal: &mut Refusal,
) -> Result<R, Failure<A>> {
    if METERED && stack::is_short(thread, target) {
        // SAFETY: handed on.
        return unsafe { stack::enter::<METERED, A, R>(thread, target, arguments, body, refusal) };
    }
    // SAFETY: handed on.
    unsafe { enter_with_room::<METERED, A, R>(thread, target, arguments, body, refusal) }
}

/// [`enter_on`] a stack that has room.
///
/// # Safety
/// As for [`enter_on`].
#[inline(always)]
pub(crate) unsafe fn enter_with_room<const METERED: bool, A: Exchangeable, R: Exchangeable>(
    thread: &ThreadSlot,
    target: Target,
    arguments: A,
    body: impl FnOnce(A) -> R,
    refusal: &mut Refusal,
) -> Result<R, Failure<A>> {
    const {
        // What holds something is asked of its parts, where it is transferred.
        let () = A::NO_DESTRUCTOR_OF_ITS_OWN;
        let () = R::NO_DESTRUCTOR_OF_ITS_OWN;
    }
    let (below, caller) = (thread.top(), thread.owner());
    let counter = control::counter(target.index(), thread.shard());
    let activation = Activation::new(target, below);
    // On top as long as the entry counts, and no instruction less: a cut finds the thread either with
    // nothing begun, or here. Outside `catch` it is not cut while the activation is on top (`contain`).
    // SAFETY: the activation lives to the end of this function and is taken off before. The thread
    // does nothing for the target before it is let in.
    unsafe { thread.set_top((&raw const activation).cast()) };
    counter.entries.fetch_add(1, SeqCst);
    if target.block.word() != target.expected() {
        leave(thread, counter, below);
        refuse(thread, target);
        return Err(Failure::Refused(arguments));
    }
    if A::NESTED {
        // What follows calls functions, and a caller may have expanded this function inside a `catch` of
        // its own: a cut in them would be caught there. Plain arguments call none.
        activation.cross();
    }
    if METERED && A::NESTED && !admits(caller, target.owner(), &arguments) {
        leave(thread, counter, below);
        refuse(thread, target);
        *refusal = Refusal::OverQuota;
        return Err(Failure::Refused(arguments));
    }
    if A::NESTED {
        // SAFETY: the arguments go to `body`, which is the target's code.
        arguments.transfer(&unsafe { Transfer::to(target.owner()) });
        activation.arrive(target);
    }
    let outcome = samara_unwind::catch(|| {
        let result = body(arguments);
        if !R::NESTED {
            // In here, so that the result is moved on after the locked addition: the callee wrote it in
            // parts, a move reads it whole, and before that addition it would wait for the parts to
            // arrive in the cache. Nothing of it panics, and from here on nothing is cut.
            activation.cross();
            leave(thread, counter, below);
        }
        result
    });
    let result = match outcome {
        Ok(result) => {
            if R::NESTED {
                activation.cross();
                if METERED {
                    note(target.owner(), caller, &result);
                }
                // SAFETY: the result goes to the caller.
                result.transfer(&unsafe { Transfer::to(caller) });
                leave(thread, counter, below);
            }
            Ok(result)
        }
        Err(payload) => {
            crashed(&activation, target, payload);
            leave(thread, counter, below);
            Err(Failure::Crashed)
        }
    };
    left(target);
    return_to_caller(thread, caller);
    result
}

/// Runs `f` behind a boundary of its own of whom the thread runs for, then `after`, as the host: in any case,
/// also when `f` is cut, before what cut it goes on outwards. For what must end before a call of the
/// domain's returns. Cost: what a boundary costs.
///
/// # Safety
/// `after` is trusted code of the host's side, ends in bounded time and does not panic.
pub unsafe fn bounded<F: FnOnce() -> R, R, E>(f: F, after: impl FnOnce() -> E) -> (R, E) {
    fn apart<F: FnOnce() -> R, R>(f: F) -> R {
        f()
    }
    // The optimiser knows nothing of it: expanded in here, its landing pads would be this frame's, and
    // from those a second panic finds no way to the boundary.
    let apart: fn(F) -> R = core::hint::black_box(apart);
    let thread = thread::current();
    let below = thread.top();
    let outer = innermost(thread);
    let inner = outer.map(|outer| Activation {
        frame: Frame::new(outer.frame.owner(), below),
        block: outer.block,
        word_and_used: outer.word_and_used.clone(),
    });
    if let Some(inner) = &inner {
        // SAFETY: lives to the end of this function and is taken off before; the same generation's as the
        // one below, which keeps it.
        unsafe { thread.set_top((&raw const *inner).cast()) };
    }
    let outcome = samara_unwind::catch(|| apart(f));
    // While the inner activation is on top: outside `catch` nothing is cut, and as the host neither.
    // SAFETY: the caller's.
    let after = unsafe { thread::as_host(after) };
    if let (Some(inner), Some(outer)) = (&inner, outer) {
        // What was used up in there counts. After a cut it says that the inner one is left, not this one.
        let word_and_used = inner.word_and_used.get();
        if word_and_used != CROSSING {
            outer.word_and_used.set(word_and_used);
        }
    }
    // SAFETY: this was the top before.
    unsafe { thread.set_top(below) };
    match outcome {
        Ok(result) => (result, after),
        Err(payload) => {
            payload.dispose();
            if outer.is_some_and(|outer| outer.target().is_dead()) {
                contain::end_self();
            }
            raise()
        }
    }
}

/// Counts the exit and puts the caller's frame back on top.
#[inline]
fn leave(thread: &ThreadSlot, counter: &Counter, below: *const Frame) {
    counter.exits.fetch_add(1, SeqCst);
    // SAFETY: this was the top before; the callers below still run.
    unsafe { thread.set_top(below) };
}

/// A caller that was killed ends here too: it may be asking a dead domain again and again.
#[cold]
fn refuse(thread: &ThreadSlot, target: Target) {
    left(target);
    return_to_caller(thread, thread.owner());
}

/// Asks the receiver's quota, before anything moves.
#[cold]
fn admits<A: Exchangeable>(from: Owner, to: Owner, arguments: &A) -> bool {
    from == to || !quota::is_limited(to) || quota::admit(to, weigh(arguments))
}

/// Takes a result off what its receiver may still allocate.
#[cold]
pub(crate) fn note<R: Exchangeable>(from: Owner, to: Owner, result: &R) {
    if from != to && quota::is_limited(to) {
        quota::note(to, weigh(result));
    }
}

/// The way out of a domain that died of what it executed. Marked dead before the exit counts.
#[cold]
#[inline(never)]
fn crashed(activation: &Activation, target: Target, payload: samara_unwind::Payload) {
    // It is the domain's: its destructor runs here, still inside.
    payload.dispose();
    activation.cross();
    let dead = || {
        let reason = ExitReason::new(ExitKind::Panic, "");
        target.block.die(target.expected().generation(), reason);
    };
    // SAFETY: the runtime's own; the sink that it tells is the host's.
    unsafe { thread::as_host(dead) };
}

/// After an exit was counted.
#[inline]
fn left(target: Target) {
    if target.block.word() != target.expected() {
        left_dying(target);
    }
}

#[cold]
fn left_dying(target: Target) {
    // This frame found the room that is kept above the reserve. Whatever the state is by now: the exit counts,
    // so another thread may have reclaimed the generation meanwhile.
    stack::close_reserve();
    match target.block.word().state() {
        State::Stopping => {
            let generation = target.expected().generation();
            target.block.tell_condemned(generation);
            host::wake_reaper();
        }
        State::Draining => host::wake_reaper(),
        _ => {}
    }
}

/// The generation for which the running thread acts; `None` for the host.
#[cfg(feature = "alloc")]
pub(crate) fn current_target() -> Option<Target> {
    innermost(thread::current()).map(Activation::target)
}

/// A boundary: does not return if the domain for which the thread acts is dead.
#[cfg(feature = "alloc")]
pub(crate) fn checkpoint() {
    let thread = thread::current();
    return_to_caller(thread, thread.owner());
}

/// Goes back into the caller only if it is alive.
#[inline]
pub(crate) fn return_to_caller(thread: &ThreadSlot, caller: Owner) {
    if caller.is_host() {
        return;
    }
    // SAFETY: the top frame is the caller's, valid, and not the host's: it begins an activation.
    let target = unsafe { (*thread.top().cast::<Activation>()).target() };
    if target.block.word() != target.expected() {
        caller_changed(target);
    }
}

#[cold]
fn caller_changed(target: Target) {
    // While the thread unwinds it is on its way to the boundary anyway.
    if target.is_dead() && !samara_unwind::is_unwinding() {
        contain::end_self();
    }
}

/// Raises to the innermost boundary. What that takes is the host's: the domain's heap may be full.
pub(crate) fn raise() -> ! {
    // SAFETY: raising is trusted code; the domain's destructors run when the frame is off again.
    unsafe { thread::as_host(|| samara_unwind::raise()) }
}
