//! Leaving a domain by unwinding.

use samara_shared_heap::thread;

/// Unwinds to the innermost boundary. The raise begins as the host, so that the memory it takes is the host's: the
/// domain's heap may be full.
pub(crate) fn raise() -> ! {
    // SAFETY: raising is trusted code. The host's frame is off the chain again before a destructor of the domain
    // runs: the unwinding leaves `as_host` first (HEAP-40).
    unsafe { thread::as_host(|| samara_unwind::raise()) }
}
