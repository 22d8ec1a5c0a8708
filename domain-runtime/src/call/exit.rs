//! The way out of a domain: the exit is counted, and the thread goes back into a caller only if the caller is alive.

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

/// Counts the exit and puts the frame below back on top.
#[inline]
pub(super) fn leave(thread: &ThreadSlot, counter: &Counter, below: *const Frame) {
    counter.exits.fetch_add(1, SeqCst);
    // SAFETY: this was the top before; the callers below still run.
    unsafe { thread.set_top(below) };
}

/// Ends an entry that was refused. A caller that has been killed ends here too: otherwise it could ask a dead domain
/// again and again without ever ending.
#[cold]
pub(super) fn refuse(thread: &ThreadSlot, target: Target) {
    after_exit(target);
    return_to_caller(thread, thread.owner());
}

/// The way out of an entry whose body panicked or was cut: drops the payload and marks the domain dead. The exit must
/// be counted after that. `had` is the value that the activation had when the panic was caught.
#[cold]
#[inline(never)]
pub(super) fn crashed(activation: &Activation, had: u64, target: Target, payload: Payload) {
    let left_off = activation::left_off(had, target.expected());
    dispose(activation, left_off, payload);
    let dead = || {
        const UNTOLD: ExitReason = ExitReason::bare(ExitKind::Panic);
        target.block().die(target.expected().generation(), &UNTOLD);
    };
    // SAFETY: `die` is the runtime's own code, and the event sink that it calls is the host's (AUTH-8).
    unsafe { thread::as_host(dead) };
}

/// Follows a counted exit. If the target is no longer in the expected state, takes care of the death or the drain.
#[inline]
pub(super) fn after_exit(target: Target) {
    if target.block().word() != target.expected() {
        after_exit_of_the_dying(target);
    }
}

/// Runs as the host: a cut in here would leave a death half reported, or a lock of the host's held.
#[cold]
fn after_exit_of_the_dying(target: Target) {
    let state = target.block().word().state();
    if !matches!(state, State::Stopping | State::Draining) {
        // The exit is already counted, so another thread may have reclaimed the generation, and the slot may be in
        // any state.
        return stack::close_reserve();
    }
    let tell = || {
        // The reserve can be closed here: each entry leaves enough room free above it for the way out. The host does
        // not close it while frames lie in it.
        stack::close_reserve();
        if state == State::Stopping {
            let generation = target.expected().generation();
            target.block().report_condemned(generation);
        }
        host::wake_reaper();
    };
    // SAFETY: the closure runs code of the runtime and of the host only (AUTH-8).
    unsafe { thread::as_host(tell) };
}

/// A boundary: if the domain that the thread acts for is dead, the thread leaves it here.
#[cfg(feature = "alloc")]
pub(crate) fn checkpoint() {
    let thread = thread::current();
    return_to_caller(thread, thread.owner());
}

/// Returns to a caller that is alive; if the caller is dead, the thread leaves it.
#[inline]
pub(crate) fn return_to_caller(thread: &ThreadSlot, caller: Owner) {
    if caller.is_host() {
        return;
    }
    // SAFETY: the top frame is the caller's and valid. It is not the host's, so it begins an activation (HEAP-8).
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
