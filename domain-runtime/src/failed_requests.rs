//! A domain whose request fails pays for the time that the host has spent on the request.

use crate::{call, contain, host_time};
use samara_shared_heap::thread;

/// Runs `attempt` as the host. If it fails, the time that it took is charged to the budget of the domain on whose
/// behalf it is made; time that was charged meanwhile is not charged twice. If that domain is dead, the thread leaves
/// it at the end.
///
/// # Errors
/// Those of `attempt`.
///
/// # Safety
/// As for [`thread::as_host`]. The result of `attempt` needs no destructor: it is lost if the domain is dead.
pub unsafe fn at_askers_expense<E>(attempt: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    let attempt = || {
        // SAFETY: handed on.
        let (outcome, spent) = unsafe { host_time::uncharged(attempt) };
        if outcome.is_err() {
            contain::host_worked(spent.time, spent.ticks);
        }
        outcome
    };
    // SAFETY: handed on; the rest of the closure is the runtime's own code.
    let outcome = unsafe { thread::as_host(attempt) };
    call::checkpoint();
    outcome
}
