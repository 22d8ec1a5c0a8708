//! Continuing a call on another stack, where there is more room.

use super::probe::PROBE;
#[cfg(feature = "alloc")]
use super::room::is_less;
use super::room::left;
use crate::stack_segments::SegmentClaim;
use crate::{blame, contain, host};
use core::time::Duration;
use samara_shared_heap::thread::{self, ThreadSlot};

/// Has the host call `callee` where there is enough stack. Between the stacks the thread acts for the host, so it is
/// not cut there. Nothing unwinds over the end of a stack: a thread that returns to a dead caller leaves it from the
/// caller's own stack.
pub(crate) fn extend(thread: &ThreadSlot, needed: usize, callee: &mut dyn FnMut()) {
    let Some(probe) = PROBE.get() else {
        return;
    };
    let mut callee = blame::moved(thread, callee);
    let left = if thread.has_open_reserve() {
        0
    } else {
        left(thread)
    };
    let go_on = || {
        let asking = SegmentClaim::begin(thread);
        let (began, mut inside, mut ticks_inside) = (host::now_ns(), 0, 0);
        let mut callee = || {
            let (entered, spared) = (host::now_ns(), thread.spared());
            callee();
            ticks_inside = thread.spared().saturating_sub(spared);
            thread.set_spared(spared);
            inside = host::now_ns().saturating_sub(entered);
        };
        let extend = || probe.extend(needed, left, asking.asker(), &mut callee);
        // SAFETY: the probe is trusted code of the host, and `callee` begins with a frame of the target's own
        // (ORDER-11).
        let (_, ticks) = unsafe { thread::as_host_uncharged(extend) };
        drop(asking);
        // If the callee was the host's, ticks that were counted inside it belong to the enclosing stretch.
        thread.set_spared(thread.spared().saturating_add(ticks_inside));
        // The calling domain pays for the host's work on its call.
        let took = host::now_ns().saturating_sub(began).saturating_sub(inside);
        contain::host_worked(Duration::from_nanos(took), ticks);
    };
    // SAFETY: as above; the rest of the closure is the runtime's own code.
    unsafe { thread::as_host(go_on) };
}

/// Runs `start` where there are `needed` bytes of stack. Returns `None` without running it if there is no such place.
///
/// A thread that finds a domain dead restarts it on its own stack. On a stack with too little room each start would
/// fail, and would spend restarts that belong to all users of the domain.
#[cfg(feature = "alloc")]
pub(crate) fn with_room_to_start<R>(needed: usize, start: impl FnOnce() -> R) -> Option<R> {
    let thread = thread::current();
    if !is_less(left(thread), needed) {
        return Some(start());
    }
    let (mut start, mut outcome) = (Some(start), None);
    let mut callee = || outcome = start.take().map(|start| start());
    extend(thread, needed, &mut callee);
    if start.is_some() {
        blame::note(thread, needed);
    }
    outcome
}
