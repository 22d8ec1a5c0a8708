//! Leaving a domain by unwinding.

use samara_shared_heap::thread;

/// Raises to the innermost boundary. What that takes is the host's: the domain's heap may be full.
pub(crate) fn raise() -> ! {
    // SAFETY: raising is trusted code; the domain's destructors run when the frame is off again.
    unsafe { thread::as_host(|| samara_unwind::raise()) }
}
