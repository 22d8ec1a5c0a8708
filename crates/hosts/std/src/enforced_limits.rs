//! What this host keeps of what a spec asks for: all of it where threads are contained, else nothing.

use samara_domain_runtime::host::EnforcedLimits;

/// Handlers are the process's, so this is too: what a thread does that is not contained itself is its own.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) fn now() -> EnforcedLimits {
    use crate::contained;
    EnforcedLimits {
        heap_quota: contained::are_installed(),
        budget: contained::are_ticking(),
        stack: contained::are_installed(),
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn now() -> EnforcedLimits {
    EnforcedLimits::NOTHING
}

/// Runs `body` contained, with ticks, if anything in this process is.
pub(crate) fn as_the_others<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    let _contained = crate::contained::are_installed().then(|| crate::contained::contained(true));
    body()
}
