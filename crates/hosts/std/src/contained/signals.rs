//! The signals that the host uses, and how a handler is set.

use libc::c_int;
use std::{mem, ptr};

/// Returns the signal of a thread's timer.
pub(super) fn tick() -> c_int {
    libc::SIGRTMIN().saturating_add(1)
}

/// Sets `handler` for `signal`. Returns false if the system refuses it.
pub(super) fn set(signal: c_int, handler: usize) -> bool {
    // SAFETY: all zeroes is a valid action.
    let mut action = unsafe { mem::zeroed::<libc::sigaction>() };
    action.sa_sigaction = handler;
    // The signal is not blocked in the handler: after a cut the thread goes on as if the handler had returned.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: the caller passes a signal handler.
    unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) == 0 }
}
