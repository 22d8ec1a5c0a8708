//! Time.

/// A monotonic clock.
///
/// # Safety
/// [`now_ns`](Self::now_ns) is called on threads of domains, on their behalf, half-way out of a domain, and by
/// [`contain::tick`](crate::contain) wherever that interrupts one, in [`now_ns`](Self::now_ns) too: it does not panic, calls
/// into no domain, takes no lock, and allocates nothing, which a domain's death would release.
pub unsafe trait Clock {
    /// Nanoseconds since some fixed point.
    fn now_ns() -> u64;
}
