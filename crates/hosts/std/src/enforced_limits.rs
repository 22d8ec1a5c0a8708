//! The limits of specs that this host enforces: quotas and stacks once a thread was contained, and budgets once a
//! thread had ticks.

use samara_domain_runtime::host::EnforcedLimits;

/// Returns the limits that the signal handlers of this process enforce. They are enforced on contained threads only.
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

/// Runs `body` contained, with ticks, if any thread of this process has ever been contained.
pub(crate) fn as_the_others<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    let _contained = crate::contained::are_installed().then(|| crate::contained::contained(true));
    body()
}
