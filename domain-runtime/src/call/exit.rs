//! The way out of a domain: the exit is counted, and the thread goes back only into a caller that is alive.

use super::activation::{self, Activation};
use super::cleanup_boundary::dispose;
use super::target::Target;
use crate::control::Counter;
use crate::exit_reason::{ExitKind, ExitReason};
use crate::primitive::atomic::Ordering::SeqCst;
use crate::state::State;
use crate::{contain, host, stack};
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{self, Frame, ThreadSlot};
use samara_unwind::Payload;

/// Counts the exit and puts the caller's frame back on top.
#[inline]
pub(super) fn leave(thread: &ThreadSlot, counter: &Counter, below: *const Frame) {
    counter.exits.fetch_add(1, SeqCst);
    // SAFETY: this was the top before; the callers below still run.
    unsafe { thread.set_top(below) };
}

/// A caller that was killed ends here too: it may be asking a dead domain again and again.
#[cold]
pub(super) fn refuse(thread: &ThreadSlot, target: Target) {
    after_exit(target);
    return_to_caller(thread, thread.owner());
}

/// The way out of a domain that died of what it executed; `had` is what stood in its activation then.
/// Marked dead before the exit counts.
#[cold]
#[inline(never)]
pub(super) fn crashed(activation: &Activation, had: u64, target: Target, payload: Payload) {
    let left_off = activation::left_off(had, target.expected());
    dispose(activation, left_off, payload);
    let dead = || {
        const UNTOLD: ExitReason = ExitReason::bare(ExitKind::Panic);
        target.block().die(target.expected().generation(), &UNTOLD);
    };
    // SAFETY: the runtime's own; the sink that it tells is the host's.
    unsafe { thread::as_host(dead) };
}

/// After an exit was counted.
#[inline]
pub(super) fn after_exit(target: Target) {
    if target.block().word() != target.expected() {
        after_exit_of_the_dying(target);
    }
}

/// As the host: whoever is cut in here leaves a death half told, or a lock of the host's taken.
#[cold]
fn after_exit_of_the_dying(target: Target) {
    let state = target.block().word().state();
    if !matches!(state, State::Stopping | State::Draining) {
        // Whatever the state is by now: the exit counts, so another thread may have reclaimed the generation.
        return stack::close_reserve();
    }
    let tell = || {
        // This frame found the room that is kept above the reserve.
        stack::close_reserve();
        if state == State::Stopping {
            let generation = target.expected().generation();
            target.block().tell_condemned(generation);
        }
        host::wake_reaper();
    };
    // SAFETY: the runtime's own and the host's.
    unsafe { thread::as_host(tell) };
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
    if target.block().word() != target.expected() {
        caller_changed(target);
    }
}

#[cold]
fn caller_changed(target: Target) {
    if target.is_dead() {
        contain::leave_dead();
    }
}
