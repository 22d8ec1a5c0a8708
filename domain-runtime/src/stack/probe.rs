//! The host's hook for stacks that are short.

use crate::host::StackProbe;
use samara_shared_heap::thread;
use spin::Once;

pub(super) static PROBE: Once<&'static dyn StackProbe> = Once::new();

/// See [`Runtime::set_stack_probe`](crate::Runtime::set_stack_probe).
pub(crate) fn set_probe(probe: &'static dyn StackProbe) -> bool {
    let mut first = false;
    PROBE.call_once(|| {
        first = true;
        probe
    });
    first
}

/// Tells the host that the running thread has come out of a domain that has died or drains, so that the stack's reserve
/// may be closed.
pub(crate) fn close_reserve() {
    if let Some(probe) = PROBE.get() {
        // SAFETY: the probe is trusted code of the host; a cut would leave its work half done (AUTH-8).
        unsafe { thread::as_host(|| probe.close_reserve()) };
    }
}
