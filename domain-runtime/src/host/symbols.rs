//! The host's functions, by the symbols that [`set_runtime_host!`](crate::set_runtime_host) defines.

use super::arenas::Window;
use super::enforced_limits::EnforcedLimits;
use crate::event::Event;
use core::ptr::NonNull;
use core::time::Duration;
use samara_shared_heap::{Owner, thread};

unsafe extern "Rust" {
    fn __samara_now_ns() -> u64;
    fn __samara_event(event: &Event<'_>);
    fn __samara_yield_now();
    fn __samara_wake_reaper();
    fn __samara_park_thread(index: usize, timeout: Option<Duration>);
    fn __samara_wake_thread(index: usize);
    fn __samara_keeps() -> EnforcedLimits;
    fn __samara_arena_window() -> Option<Window>;
    fn __samara_arena_commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool;
    fn __samara_arena_decommit(owner: Owner, start: NonNull<u8>, bytes: usize);
}

pub(crate) fn now_ns() -> u64 {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_now_ns() }
}

pub(crate) fn event(event: &Event<'_>) {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    let sink = || unsafe { __samara_event(event) };
    // A sink's panic must not reach the code that reports: an exit would not be counted, or a reclaim would not end,
    // and the slot would be taken for ever.
    let deliver = || {
        if let Err(payload) = samara_unwind::catch(sink) {
            payload.dispose();
        }
    };
    // The time is uncharged, because a domain does not choose how slow the sink is, and a generation causes only a
    // few events.
    // SAFETY: an event sink is trusted code of the host (AUTH-8).
    let ((), _) = unsafe { thread::as_host_uncharged(deliver) };
}

pub(crate) fn yield_now() {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_yield_now() }
}

pub(crate) fn wake_reaper() {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_wake_reaper() }
}

/// Parks the thread, uncharged, since the caller measures the time. Returns the microseconds that ticks have counted
/// meanwhile.
pub(crate) fn park_thread(index: usize, timeout: Option<Duration>) -> u32 {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    let park = || unsafe { __samara_park_thread(index, timeout) };
    let is_told = thread::current().is_told();
    let park = || {
        park();
        if is_told {
            thread::current().tell(now_ns(), false);
        }
    };
    // SAFETY: waiting is trusted code of the host (AUTH-8).
    let ((), ticks) = unsafe { thread::as_host_uncharged(park) };
    ticks
}

pub(crate) fn wake_thread(index: usize) {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    let wake = || unsafe { __samara_wake_thread(index) };
    // SAFETY: waking is trusted code of the host (AUTH-8).
    unsafe { thread::as_host(wake) }
}

/// As [`wake_thread`], for interrupt handlers: nothing is pushed on the interrupted thread's chain.
pub(crate) fn wake_from_handler(index: usize) {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_wake_thread(index) }
}

pub(crate) fn enforced_limits() -> EnforcedLimits {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_keeps() }
}

pub(crate) fn arena_window() -> Option<Window> {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_arena_window() }
}

pub(crate) fn arena_commit(owner: Owner, start: NonNull<u8>, bytes: usize) -> bool {
    // SAFETY: the symbol is defined by `set_runtime_host!` with exactly this signature.
    unsafe { __samara_arena_commit(owner, start, bytes) }
}

/// # Safety
/// As [`Arenas::decommit`](super::Arenas::decommit).
pub(crate) unsafe fn arena_decommit(owner: Owner, start: NonNull<u8>, bytes: usize) {
    // SAFETY: the symbol is defined by `set_runtime_host!`; the rest is the caller's.
    unsafe { __samara_arena_decommit(owner, start, bytes) }
}
